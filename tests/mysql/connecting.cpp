// SPDX-License-Identifier: MIT
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <thread>

#include "mysql/support.hpp"
#include "support/connecting_checks.hpp"

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
    REQUIRE(refusal({.host = "x", .unix_path = "y"}) == "pooly: host must not be given together with unix_path");
    REQUIRE(refusal({.host = "x", .port = -1}) == "pooly: port must be from 1 to 65535");
    REQUIRE(refusal({.unix_path = std::string(200, 'x')}) == "pooly: unix_path is too long for a Unix socket");
    REQUIRE(refusal({.unix_path = std::string{"x\0y", 3}}) == "pooly: unix_path must not contain a zero byte");
    REQUIRE(refusal({.host = "x", .character_set = ""}) == "pooly: character_set must be given");
    REQUIRE(refusal({.host = "x", .connect_timeout = 0ms}) == "pooly: connect_timeout must be more than 0");
    REQUIRE(refusal({.host = "x", .read_timeout = -1s}) == "pooly: read_timeout must not be negative");
    REQUIRE(refusal({.host = "x", .write_timeout = 24h * 365}) == "pooly: write_timeout must be at most 2147483647");
    REQUIRE(refusal({.host = "x", .tcp = {.user_timeout = -1ms}}) == "pooly: user_timeout must not be negative");
    REQUIRE(refusal({.host = "x", .reset = static_cast<pooly::mysql::reset_mode>(9)}) ==
            "pooly: reset is no reset_mode");
    REQUIRE(refusal({.host = "x", .isolation = static_cast<pooly::mysql::isolation_level>(9)}) ==
            "pooly: isolation is no isolation_level");
    REQUIRE(refusal({.host = "x", .access = static_cast<pooly::mysql::access_mode>(9)}) ==
            "pooly: access is no access_mode");
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
    REQUIRE(failure_to_connect(server.by_tcp({.setup = "set nonsense = 1"})).code == 1193);
    REQUIRE(failure_to_connect(server.by_tcp({.character_set = "klingon"})).code == 2019);
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
    failing failed{};
    REQUIRE(time_of([&] { failed = failure_to_connect(how); }) < hang);
    REQUIRE_THAT(failed.message, ContainsSubstring(" connecting to the MariaDB server at \"127.0.0.1\", port "));
}

TEST_CASE("MariaDB: another kind of server on the port is one clear error within the deadline") {
    using manner = other_server::manner;
    SECTION("one that says nothing") {
        const other_server other{manner::silent};
        failing failed{};
        const auto took =
            time_of([&] { failed = failure_to_connect(on_port(other.port(), {.connect_timeout = 50ms})); });
        REQUIRE(took >= 50ms);
        REQUIRE(took < 5s);
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
