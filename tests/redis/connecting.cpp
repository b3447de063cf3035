// SPDX-License-Identifier: MIT
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <stdexcept>
#include <string>
#include <thread>

#include "redis/support.hpp"
#include "support/connecting_checks.hpp"
#include "support/silent_resolver.hpp"

using namespace redis_test;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;
using pooly::start_mode;
using pooly::redis::connect;

namespace {

[[nodiscard]] failing failure_to_connect(const options& how) { return failure_to_start(factory{how}, failure_of); }

[[nodiscard]] options on_port(int port, options more = {}) {
    more.host = "127.0.0.1";
    more.port = port;
    return more;
}

}  // namespace

TEST_CASE("Redis: senseless options are refused by name, before any connecting") {
    const auto refusal = [](const options& how) { return refusal_of([&] { (void)factory{how}; }); };
    REQUIRE(refusal({.host = "x"}) == "accepted");
    REQUIRE(refusal({}) == "pooly: host must be given, or unix_path");
    REQUIRE(refusal({.host = "x", .unix_path = "y"}) ==
            "pooly: host must not be given together with unix_path (given \"x\" and \"y\")");
    REQUIRE(refusal({.host = std::string{"x\0y", 3}}) == "pooly: host must not contain a zero byte");
    REQUIRE(refusal({.host = "x", .port = 0}) == "pooly: port must be from 1 to 65535 (given 0)");
    REQUIRE(refusal({.host = "x", .port = 65536}) == "pooly: port must be from 1 to 65535 (given 65536)");
    REQUIRE(refusal({.unix_path = std::string(200, 'x')}) ==
            "pooly: unix_path is too long for a Unix socket (given 200 bytes)");
    REQUIRE(refusal({.host = "x", .username = "me"}) == "pooly: username needs a password (given \"me\")");
    REQUIRE(refusal({.host = "x", .database = -1}) == "pooly: database must not be negative (given -1)");
    REQUIRE(refusal({.host = "x", .connect_timeout = 0ms}) == "pooly: connect_timeout must be more than 0 (given 0 s)");
    REQUIRE(refusal({.host = "x", .command_timeout = -1ms}) ==
            "pooly: command_timeout must not be negative (given -1 ms)");
    REQUIRE(refusal({.host = "x", .tcp = {.keepalives_count = -1}}) ==
            "pooly: keepalives_count must not be negative (given -1)");
    REQUIRE(refusal({.host = "x", .reset = static_cast<pooly::redis::reset_mode>(9)}) ==
            "pooly: reset is no reset_mode (given 9)");
    REQUIRE_THROWS_AS(connect({}), std::invalid_argument);
}

TEST_CASE("Redis: an address that leads nowhere is told in hiredis' words, or the system's") {
    const held_port unused;
    const auto refused = failure_to_connect(on_port(unused.number()));
    REQUIRE(refused.what == kind::cannot_connect);
    REQUIRE_THAT(refused.message, StartsWith("cannot connect to the Redis server at \"127.0.0.1\", port "));
    REQUIRE_THAT(refused.message, ContainsSubstring("Connection refused"));
    const auto unknown = failure_to_connect({.host = "no.such.host.invalid"});
    REQUIRE(unknown.what == kind::cannot_connect);
    REQUIRE_THAT(unknown.message, ContainsSubstring("\"no.such.host.invalid\", port 6379: "));
    REQUIRE(!unknown.message.ends_with(": "));
    const auto malformed = failure_to_connect({.host = "256.1:x"});
    REQUIRE(malformed.what == kind::cannot_connect);
    const auto missing = failure_to_connect({.unix_path = server::shared().directory() + "/nothing"});
    REQUIRE(missing.what == kind::cannot_connect);
    REQUIRE_THAT(missing.message, ContainsSubstring("/nothing\": No such file or directory"));
    const auto no_socket = failure_to_connect({.unix_path = server::shared().directory() + "/log"});
    REQUIRE_THAT(no_socket.message, ContainsSubstring("Connection refused"));
}

TEST_CASE("Redis: a connection that the server refuses tells its prefix and its words") {
    auto& server = server::shared();
    REQUIRE_NOTHROW(connect(server.by_socket({.username = "guest", .password = "sesame"})));
    const auto wrong = failure_to_connect(server.by_socket({.username = "guest", .password = "open"}));
    REQUIRE(wrong.what == kind::cannot_connect);
    REQUIRE(wrong.prefix == "WRONGPASS");
    REQUIRE_THAT(wrong.message, ContainsSubstring("WRONGPASS invalid username-password pair"));
    REQUIRE_THAT(wrong.message, !ContainsSubstring("open"));
    REQUIRE(failure_to_connect(server.by_tcp({.password = "any"})).prefix == "ERR");  // `default` needs none here
    const auto database = failure_to_connect(server.by_tcp({.database = 1'000'000}));
    REQUIRE(database.prefix == "ERR");
    REQUIRE_THAT(database.message, ContainsSubstring("DB index is out of range"));
    REQUIRE(failure_to_connect(server.by_tcp({.client_name = "two words"})).prefix == "ERR");
}

TEST_CASE("Redis: a server that comes to want a password is told it, or says so") {
    pool_of_one one;
    const auto want = [&](const char* password) { one.outside.command("CONFIG", "SET", "requirepass", password); };
    failing refused{}, forgotten{}, later{};
    {
        const auto lease = one.db.checkout();
        want("sesame");
        refused = failure_in([&] { (void)connect(server::shared().by_socket()); });
        forgotten = failure_in([&] {
            auto own = connect(server::shared().by_socket({.password = "sesame"}));
            pooly::worker_traits<connection>::reset(own);  // RESET forgets who one is
            own.command("PING");
        });
    }
    later = failure_of(one.db.try_checkout_for(1s).cause());
    want("");
    REQUIRE(refused.prefix == "NOAUTH");
    REQUIRE(forgotten.message == "it did not fail");
    REQUIRE(one.db.stats().reset_failures == 1);  // that one had none
    REQUIRE(later.prefix == "NOAUTH");
    REQUIRE(text(one.db.checkout_for(5s)->command("PING")) == "PONG");
}

TEST_CASE("Redis: a server that has no room for another connection says so, and the pool goes on") {
    auto& small = server::shared();
    auto outside = outsider();
    const auto how = GENERATE(true, false) ? small.by_socket() : small.by_tcp();
    // Those of the cases before may not be gone yet.
    while (text(outside.command("INFO", "clients")).find("connected_clients:1\r") == std::string::npos)
        std::this_thread::yield();
    outside.command("CONFIG", "SET", "maxclients", "3");
    failing failed{};
    {
        db_pool db{factory{how}, {.size = 3, .start = start_mode::lazy, .backoff_base = 0ns}};
        failed = failure_when_full(db, failure_of, [](connection& c) { c.command("PING"); });
    }
    outside.command("CONFIG", "SET", "maxclients", "1000");
    REQUIRE(failed.prefix == "ERR");
    REQUIRE_THAT(failed.message, ContainsSubstring("max number of clients reached"));
}

TEST_CASE("Redis: another kind of server on the port is one clear error within the deadline") {
    using manner = other_server::manner;
    SECTION("one that says nothing") {
        const other_server other{manner::silent};
        failing failed{};
        const auto took =
            time_of([&] { failed = failure_to_connect(on_port(other.port(), {.connect_timeout = 50ms})); });
        REQUIRE(took >= 50ms);
        REQUIRE(took < hang);
        REQUIRE(failed.what == kind::cannot_connect);
        REQUIRE_THAT(failed.message, ContainsSubstring("timed out"));
    }
    SECTION("one that says something else") {
        const other_server other{manner::talks, "HTTP/1.1 400 Bad Request\r\n\r\n"};
        const auto failed = failure_to_connect(on_port(other.port()));
        REQUIRE(failed.what == kind::cannot_connect);
        REQUIRE_THAT(failed.message, ContainsSubstring("Protocol error, got \"H\" as reply type byte"));
    }
    SECTION("one that greets as MySQL does, before it is spoken to, and waits") {
        const other_server other{manner::greets, {"J\0\0\0\n8.0.33\0", 12}};
        const auto failed = failure_to_connect(on_port(other.port(), {.connect_timeout = 1s}));
        REQUIRE(failed.what == kind::cannot_connect);
        REQUIRE_THAT(failed.message, ContainsSubstring("Protocol error, got \"J\" as reply type byte"));
    }
    SECTION("one that speaks the protocol and means something else") {
        const other_server other{manner::talks, "+OK\r\n+OK\r\n+OK\r\n"};
        REQUIRE(failure_to_connect(on_port(other.port())).what == kind::cannot_connect);
    }
    SECTION("one that hangs up") {
        const other_server other{manner::hangs_up};
        const auto failed = failure_in([&] { (void)connect(on_port(other.port())); });
        REQUIRE(failed.what == kind::cannot_connect);
        REQUIRE_THAT(failed.message,  // sometimes this, sometimes that
                     ContainsSubstring("Server closed the connection") || ContainsSubstring("Connection reset"));
    }
}

TEST_CASE("Redis: a server that is not ready says so to a new connection and to an idle one") {
    // What it would say to PING while it reads its data, or has lost its master.
    for (const std::string words :
         {"-LOADING Redis is loading the dataset in memory\r\n", "-MASTERDOWN Link with MASTER is down\r\n",
          "-NOAUTH Authentication required.\r\n"}) {
        const other_server other{other_server::manner::talks, words};
        const auto failed = failure_to_connect(on_port(other.port()));
        REQUIRE(failed.prefix == words.substr(1, words.find(' ') - 1));
        REQUIRE(failed.what == kind::cannot_connect);

        connection idle{redisConnect("127.0.0.1", other.port()), on_port(other.port())};
        REQUIRE(failure_in([&] { (void)pooly::worker_traits<connection>::healthy(idle); }).prefix == failed.prefix);
    }
}

TEST_CASE("Redis: a replica that has lost its master and will not serve old data is none to connect to") {
    auto outside = outsider();
    const held_port unused;
    outside.command("CONFIG", "SET", "replica-serve-stale-data", "no");
    outside.command("REPLICAOF", "127.0.0.1", std::to_string(unused.number()));
    const auto failed = failure_in([&] { (void)connect(server::shared().by_socket()); });
    outside.command("REPLICAOF", "NO", "ONE");
    outside.command("CONFIG", "SET", "replica-serve-stale-data", "yes");
    REQUIRE(failed.what == kind::cannot_connect);
    REQUIRE(failed.prefix == "MASTERDOWN");
}

TEST_CASE("Redis: connecting ends by the consumer's deadline, and when its consumer is told to stop") {
    check_that_connecting_ends([](int port) { return factory{on_port(port, {.connect_timeout = 24h})}; }, "gave up");
}

TEST_CASE("Redis: a resolver that says nothing keeps nobody longer than he wants to wait") {
    const silent_resolver nobody;
    check_that_it_ends(factory{options{.host = silent_resolver::name, .connect_timeout = 24h}},
                       "gave up waiting for the resolver of its name");
}

TEST_CASE("Redis: a name that the resolver gave up on is asked about once") {
    const auto before = silent_resolver::times_asked();
    const auto failed = failure_in([] { (void)connect({.host = silent_resolver::name}); });
    REQUIRE(silent_resolver::times_asked() == before + 1);
    REQUIRE(failed.what == kind::cannot_connect);
    REQUIRE(failed.message == std::string{"cannot connect to the Redis server at \"silent.invalid\", port 6379: "} +
                                  ::gai_strerror(EAI_AGAIN));
}

TEST_CASE("Redis: TCP watches over an idle connection as the options say") {
    const auto setting = [](const connection& c, int name, int level = IPPROTO_TCP) {
        return socket_option(c.get()->fd, level, name);
    };
    const auto& server = server::shared();
    const auto usual = connect(server.by_tcp());
    REQUIRE(setting(usual, SO_KEEPALIVE, SOL_SOCKET) == 1);
    REQUIRE(setting(usual, TCP_KEEPIDLE) == 30);
    REQUIRE(setting(usual, TCP_KEEPINTVL) == 10);
    REQUIRE(setting(usual, TCP_KEEPCNT) == 3);
    REQUIRE(setting(usual, TCP_USER_TIMEOUT) == 30'000);

    const auto other = connect(server.by_tcp(
        {.tcp = {.keepalives_idle = 7s, .keepalives_interval = 4s, .keepalives_count = 5, .user_timeout = 1500ms}}));
    REQUIRE(setting(other, TCP_KEEPIDLE) == 7);
    REQUIRE(setting(other, TCP_KEEPINTVL) == 4);
    REQUIRE(setting(other, TCP_KEEPCNT) == 5);
    REQUIRE(setting(other, TCP_USER_TIMEOUT) == 1500);

    const auto system = connect(server.by_tcp(
        {.tcp = {.keepalives_idle = 0s, .keepalives_interval = 0s, .keepalives_count = 0, .user_timeout = 0ms}}));
    REQUIRE(setting(system, TCP_KEEPIDLE) > 30);
    REQUIRE(setting(system, TCP_USER_TIMEOUT) == 0);
}
