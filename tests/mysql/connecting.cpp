// SPDX-License-Identifier: MIT
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <new>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <system_error>
#include <thread>

#include "mysql/support.hpp"
#include "support/connecting_checks.hpp"
#include "support/no_thread_left.hpp"
#include "support/silent_resolver.hpp"

using namespace mysql_test;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;
using pooly::start_mode;
using pooly::mysql::connect;

namespace {

[[nodiscard]] failing failure_to_connect(const options& how) { return failure_to_start(factory{how}, failure_of); }

[[nodiscard]] options on_port(int port, options more = {}) {
    more.host = "127.0.0.1";
    more.port = port;
    return more;
}

}  // namespace

TEST_CASE("MariaDB: senseless options are refused by name, before any connecting") {
    const auto refusal = [](const options& how) { return refusal_of([&] { (void)factory{how}; }); };
    REQUIRE(refusal({.host = "x"}) == "accepted");
    REQUIRE(refusal({}) == "pooly: host must be given, or unix_path");
    REQUIRE(refusal({.host = "x", .unix_path = "y"}) ==
            "pooly: host must not be given together with unix_path (given \"x\" and \"y\")");
    REQUIRE(refusal({.host = "x,y"}) == "pooly: host must be one, and no list (given \"x,y\")");
    REQUIRE(refusal({.host = "x", .port = -1}) == "pooly: port must be from 1 to 65535 (given -1)");
    REQUIRE(refusal({.unix_path = std::string(200, 'x')}) ==
            "pooly: unix_path is too long for a Unix socket (given 200 bytes)");
    REQUIRE(refusal({.unix_path = std::string{"x\0y", 3}}) == "pooly: unix_path must not contain a zero byte");
    const std::string cut{"x\0y", 3};
    REQUIRE(refusal({.host = "x", .user = cut}) == "pooly: user must not contain a zero byte");
    REQUIRE(refusal({.host = "x", .password = cut}) == "pooly: password must not contain a zero byte");
    REQUIRE(refusal({.host = "x", .database = cut}) == "pooly: database must not contain a zero byte");
    REQUIRE(refusal({.host = "x", .character_set = cut}) == "pooly: character_set must not contain a zero byte");
    REQUIRE(refusal({.host = "x", .character_set = ""}) == "pooly: character_set must be given");
    REQUIRE(refusal({.host = "x", .connect_timeout = 0ms}) == "pooly: connect_timeout must be more than 0 (given 0 s)");
    REQUIRE(refusal({.host = "x", .read_timeout = -1s}) == "pooly: read_timeout must not be negative (given -1 s)");
    REQUIRE(refusal({.host = "x", .write_timeout = 24h * 365}) ==
            "pooly: write_timeout must be at most 2147483 s (given 31536000 s)");
    REQUIRE(refusal({.host = "x", .write_timeout = std::chrono::seconds::max()}) ==
            "pooly: write_timeout must be at most 2147483 s (given 9223372036854775807 s)");
    REQUIRE(refusal({.host = "x", .tcp = {.user_timeout = -1ms}}) ==
            "pooly: user_timeout must not be negative (given -1 ms)");
    REQUIRE(refusal({.host = "x", .reset = static_cast<pooly::mysql::reset_mode>(9)}) ==
            "pooly: reset is no reset_mode (given 9)");
    REQUIRE(refusal({.host = "x", .isolation = static_cast<pooly::mysql::isolation_level>(9)}) ==
            "pooly: isolation is no isolation_level (given 9)");
    REQUIRE(refusal({.host = "x", .access = static_cast<pooly::mysql::access_mode>(9)}) ==
            "pooly: access is no access_mode (given 9)");
    REQUIRE_THROWS_AS(connect({}), std::invalid_argument);
}

TEST_CASE("MariaDB: an address that leads nowhere is told in the client's words") {
    const held_port unused;
    const auto refused = failure_to_connect(on_port(unused.number()));
    REQUIRE(refused.code == 2002);
    REQUIRE_THAT(refused.message, StartsWith("failed connecting to the MariaDB server at \"127.0.0.1\", port "));
    REQUIRE_THAT(refused.message, ContainsSubstring("Can't connect to server on '127.0.0.1'"));
    const auto unknown = failure_to_connect({.host = "no.such.host.invalid"});
    REQUIRE(unknown.code == 2005);
    REQUIRE_THAT(unknown.message, ContainsSubstring("Unknown server host 'no.such.host.invalid'"));
    REQUIRE(failure_to_connect({.host = "256.1:x"}).code == 2005);
    const auto missing = failure_to_connect({.unix_path = server::shared().directory() + "/nothing"});
    REQUIRE(missing.code == 2002);
    REQUIRE_THAT(missing.message, ContainsSubstring("/nothing' (2)"));
    REQUIRE(failure_to_connect({.unix_path = server::shared().directory() + "/log"}).code == 2002);
}

TEST_CASE("MariaDB: a connection that the server refuses tells its number, SQLSTATE and words") {
    auto& server = server::shared();
    outsider().execute("create or replace user locked identified by 'sesame'");
    REQUIRE(failure_to_connect(server.by_socket({.user = "locked", .password = "sesame"})).code ==
            1044);  // no database
    const auto wrong = failure_to_connect(server.by_tcp({.user = "locked", .password = "open"}));
    REQUIRE(wrong.code == 1045);
    REQUIRE(wrong.state == "28000");
    REQUIRE_THAT(wrong.message, ContainsSubstring("Access denied for user 'locked'@'127.0.0.1'"));
    REQUIRE_THAT(wrong.message, !ContainsSubstring("open"));
    REQUIRE(failure_to_connect(server.by_tcp({.database = "atlantis"})).code == 1049);
    REQUIRE(failure_to_connect(server.by_tcp({.character_set = "klingon"})).code == 2019);
}

TEST_CASE("MariaDB: a setup statement that is wrong, or does not end, is told apart from connecting") {
    const auto& server = server::shared();
    const auto wrong = failure_to_connect(server.by_tcp({.setup = "set nonsense = 1"}));
    REQUIRE(wrong.code == 1193);
    REQUIRE_THAT(wrong.message, StartsWith("failed in setup on the MariaDB server at \"127.0.0.1\", port "));
    REQUIRE_THAT(wrong.message, ContainsSubstring("Unknown system variable 'nonsense'"));

    const factory lasts{server.by_tcp({.setup = "do sleep(1000)", .connect_timeout = 24h})};
    const auto outside = outsider();
    std::stop_source stop;
    std::atomic<bool> over{false};
    std::string id;
    std::thread stopper{[&] {
        const auto begun = "select id from information_schema.processlist where info = 'do sleep(1000)'";
        while (!over && (id = text(outside, begun)).empty()) std::this_thread::yield();
        stop.request_stop();
    }};
    const auto given_up = failure_in([&] { (void)lasts({.stop = stop.get_token()}); });
    over = true;
    stopper.join();
    (void)mysql_query(outside.get(), ("kill " + id).c_str());  // unless the server has seen by itself that it is alone
    REQUIRE_THAT(given_up.message, StartsWith("gave up in setup on the MariaDB server at \"127.0.0.1\", port "));
}

TEST_CASE("MariaDB: a server that has no room for another connection says so, and the pool goes on") {
    auto& small = server::shared();
    auto outside = outsider();
    // Those of the cases before may not be gone yet; and the server lets one administrator in beyond its limit.
    while (number(outside, "select count(*) from information_schema.processlist where user = 'root'") > 1)
        std::this_thread::yield();
    outside.execute("create or replace user guest identified by ''");
    outside.execute("grant all on app.* to guest");
    outside.execute("set global max_connections = 10");
    auto how = small.by_socket({.user = "guest"});
    failing failed{};
    {
        db_pool db{factory{how}, {.size = 10, .start = start_mode::lazy, .backoff_base = 0ns}};
        failed = failure_when_full(db, failure_of, [](connection& c) { c.execute("select 1"); });
    }
    outside.execute("set global max_connections = 50");
    REQUIRE(failed.code == 1040);
    REQUIRE_THAT(failed.message, ContainsSubstring("Too many connections"));
}

namespace {

/// What a server says first.
[[nodiscard]] std::string greeting_of(const server& asked) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(asked.port()));
    std::string said(256, '\0');
    ssize_t length = -1;
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
        length = ::recv(socket, said.data(), said.size(), 0);
    ::close(socket);
    REQUIRE(length > 0);
    said.resize(static_cast<std::size_t>(length));
    return said;
}

}  // namespace

TEST_CASE("MariaDB: under TLS a pool works as without, and a handshake that is not answered ends") {
    auto& server = server::shared();
    if (!server::speaks_tls()) {
        WARN("skipped: there is no openssl to make a certificate with");
        return;
    }
    db_pool db{factory{server.by_tls()}, {.size = 1, .check_after_idle = 0ns}};
    db.transaction([](connection& c) { REQUIRE(mysql_get_ssl_cipher(c.get()) != nullptr); });
    db.checkout()->execute("set @a = 1");
    REQUIRE(number(*db.checkout(), "select @a is null") == 1);
    REQUIRE(db.stats().created == 1);

    const auto greeting = greeting_of(server);
    const other_server falls_silent{other_server::manner::greets, greeting};
    auto how = server.by_tls({.connect_timeout = 50ms});
    how.port = falls_silent.port();
    const auto told = [&] {  // of TLS in other words each time
        failing failed{};
        REQUIRE(time_of([&] { failed = failure_in([&] { (void)connect(how); }); }) < hang);
        return failed.message;
    };
    const std::string where = " connecting to the MariaDB server at \"127.0.0.1\", port ";
    REQUIRE_THAT(told(), StartsWith("timed out" + where));

    const other_server never_ends{other_server::manner::dribbles, greeting};
    how.port = never_ends.port();
    REQUIRE_THAT(told(), StartsWith("timed out" + where));
    how.connect_timeout = 24h;
    check_that_it_ends(factory{how}, "gave up" + where);
}

TEST_CASE("MariaDB: a handshake of TLS that an option file has asked for ends when its consumer is told to stop") {
    auto& server = server::shared();
    if (!server::speaks_tls()) {
        WARN("skipped: there is no openssl to make a certificate with");
        return;
    }
    auto how = server.by_tcp({.prepare = option_file{"ssl-enforce=1"}, .connect_timeout = 24h});
    REQUIRE(mysql_get_ssl_cipher(connect(how).get()) != nullptr);
    other_server never_ends{other_server::manner::dribbles, greeting_of(server)};
    how.port = never_ends.port();
    std::stop_source stop;
    std::thread stopper{[&] {
        never_ends.await_handshake();
        stop.request_stop();
    }};
    const auto failed = failure_in([&] { (void)connect(how, {.stop = stop.get_token()}); });
    stopper.join();
    REQUIRE_THAT(failed.message, StartsWith("gave up connecting to the MariaDB server at "));
}

namespace {

[[nodiscard]] auto descriptors() {
    const std::filesystem::directory_iterator all{"/proc/self/fd"};
    return std::distance(begin(all), end(all));
}

/// As long as it lives, one more can be opened.
class one_descriptor_left {
public:
    one_descriptor_left() {
        // UBSan opens a pipe to look at the first object of a class.
        (void)std::error_code{EMFILE, std::generic_category()}.message();
        const int next = ::dup(STDIN_FILENO);
        ::close(next);
        REQUIRE(::getrlimit(RLIMIT_NOFILE, &before_) == 0);
        const rlimit less{static_cast<rlim_t>(next) + 1, before_.rlim_max};
        REQUIRE(::setrlimit(RLIMIT_NOFILE, &less) == 0);
    }
    one_descriptor_left(const one_descriptor_left&) = delete;
    one_descriptor_left& operator=(const one_descriptor_left&) = delete;
    ~one_descriptor_left() { ::setrlimit(RLIMIT_NOFILE, &before_); }

private:
    rlimit before_{};
};

/// Why there is no connection while `Shortage` lasts, of which nothing must stay.
template <class Shortage>
[[nodiscard]] failing failure_for_want(const options& how) {
    const auto before = descriptors();
    const auto failed = [&] {
        const Shortage shortage;
        return failure_in([&] { (void)connect(how); });
    }();
    REQUIRE(descriptors() == before);
    return failed;
}

}  // namespace

TEST_CASE("MariaDB: a handshake of TLS that nothing could end is not begun") {
    auto& server = server::shared();
    if (!server::speaks_tls()) {
        WARN("skipped: there is no openssl to make a certificate with");
        return;
    }
    const auto how = server.by_tls();
    (void)connect(how);  // what is opened once is open from here on
    const auto failed =
        GENERATE(true, false) ? failure_for_want<one_descriptor_left>(how) : failure_for_want<no_thread_left>(how);
    REQUIRE(failed.code == 0);
    REQUIRE(failed.state == "08006");
    REQUIRE_THAT(failed.message, StartsWith("failed connecting to the MariaDB server at \"127.0.0.1\", port "));
    REQUIRE_THAT(failed.message, ContainsSubstring(": nothing can watch over the handshake: "));
    REQUIRE_NOTHROW(connect(how));
}

TEST_CASE("MariaDB: options whose copying fails cost no connection") {
    struct brittle {
        bool* breaks;
        explicit brittle(bool& when) : breaks{&when} {}
        brittle(const brittle& other) : breaks{other.breaks} {
            if (*breaks) throw std::bad_alloc{};
        }
        void operator()(MYSQL*) const {}
    };
    bool breaks = false;
    const auto how = server::shared().by_socket({.prepare = brittle{breaks}});
    breaks = true;
    const auto before = descriptors();
    REQUIRE_THROWS_AS(connect(how), std::bad_alloc);
    REQUIRE(descriptors() == before);
}

TEST_CASE("MariaDB: another kind of server on the port is one clear error within the deadline") {
    using manner = other_server::manner;
    SECTION("one that says nothing") {
        const other_server other{manner::silent};
        failing failed{};
        const auto took =
            time_of([&] { failed = failure_to_connect(on_port(other.port(), {.connect_timeout = 50ms})); });
        REQUIRE(took >= 50ms);
        REQUIRE(took < hang);
        REQUIRE(failed.code == 2013);
        REQUIRE_THAT(failed.message, StartsWith("timed out connecting to the MariaDB server at \"127.0.0.1\", port "));
        REQUIRE_THAT(failed.message, ContainsSubstring("Lost connection to server at 'handshake"));
    }
    SECTION("one that waits to be spoken to") {
        const other_server other{manner::talks, "-ERR unknown command\r\n"};
        REQUIRE(failure_to_connect(on_port(other.port(), {.connect_timeout = 50ms})).code == 2013);
    }
    SECTION("one that greets in another way") {
        for (const auto* const words : {"HTTP/1.1 400 Bad Request\r\n\r\n", "220 mail.example ESMTP ready\r\n",
                                        "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"}) {
            const other_server other{manner::greets, words};
            const auto failed = failure_to_connect(on_port(other.port(), {.connect_timeout = 100ms}));
            REQUIRE(failed.code >= 2000);
            REQUIRE(!failed.message.ends_with(": "));
        }
    }
    SECTION("one that greets as no MariaDB does") {
        const other_server other{manner::greets,
                                 {"\x05\0\0\0\x09"
                                  "0.1\0",
                                  9}};
        REQUIRE(failure_to_connect(on_port(other.port(), {.connect_timeout = 1s})).code >= 2000);
    }
    SECTION("one that hangs up") {
        const other_server other{manner::greets, ""};
        const auto failed = failure_in([&] { (void)connect(on_port(other.port(), {.connect_timeout = 50ms})); });
        REQUIRE(failed.code == 2013);  // with other words each time
    }
}

TEST_CASE("MariaDB: connecting ends by the consumer's deadline, and when its consumer is told to stop") {
    check_that_connecting_ends([](int port) { return factory{on_port(port, {.connect_timeout = 24h})}; }, "gave up");
}

TEST_CASE("MariaDB: a resolver that says nothing keeps nobody longer than he wants to wait") {
    const silent_resolver nobody;
    check_that_it_ends(factory{options{.host = silent_resolver::name, .connect_timeout = 24h}},
                       "gave up connecting to the MariaDB server at \"silent.invalid\"");
}

TEST_CASE("MariaDB: a name that the resolver gave up on is asked about once") {
    const auto before = silent_resolver::times_asked();
    const auto failed = failure_in([] { (void)connect({.host = silent_resolver::name}); });
    REQUIRE(silent_resolver::times_asked() == before + 1);
    REQUIRE(failed.code == 2005);
    REQUIRE(failed.state == "HY000");
    REQUIRE(failed.message ==
            "failed connecting to the MariaDB server at \"silent.invalid\", port 3306: Unknown server host "
            "'silent.invalid' (" +
                std::string{::gai_strerror(EAI_AGAIN)} + ')');
}

TEST_CASE("MariaDB: TCP watches over an idle connection as the options say") {
    const auto setting = [](const connection& c, int name) {
        return socket_option(mysql_get_socket(c.get()), IPPROTO_TCP, name);
    };
    const auto& server = server::shared();
    const auto usual = connect(server.by_tcp());
    REQUIRE(setting(usual, TCP_KEEPIDLE) == 30);
    REQUIRE(setting(usual, TCP_USER_TIMEOUT) == 30'000);
    const auto other = connect(server.by_tcp({.tcp = {.keepalives_idle = 7s, .user_timeout = 1500ms}}));
    REQUIRE(setting(other, TCP_KEEPIDLE) == 7);
    REQUIRE(setting(other, TCP_USER_TIMEOUT) == 1500);
}
