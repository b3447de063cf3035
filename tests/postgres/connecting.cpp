// SPDX-License-Identifier: MIT
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

#include "postgres/support.hpp"
#include "support/connecting_checks.hpp"
#include "support/silent_resolver.hpp"

using namespace postgres_test;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;
using pooly::start_mode;
using pooly::postgres::connect;

namespace {

[[nodiscard]] std::string to_port(int port) { return "host=127.0.0.1 user=x dbname=x port=" + std::to_string(port); }
[[nodiscard]] std::string connection_string_to(const other_server& other) { return to_port(other.port()); }

[[nodiscard]] failure failure_to_connect(const std::string& connection_string, const options& how = {}) {
    return failure_to_start(factory{connection_string, how}, failure_of);
}

/// A variable of the environment, that was not set before.
struct surroundings {
    const char* name;
    surroundings(const char* variable, const std::string& value) : name{variable} {
        ::setenv(variable, value.c_str(), 1);
    }
    surroundings(const surroundings&) = delete;
    surroundings& operator=(const surroundings&) = delete;
    ~surroundings() { ::unsetenv(name); }
};

}  // namespace

TEST_CASE("PostgreSQL: senseless options are refused by name") {
    using pooly::postgres::access_mode, pooly::postgres::health_check, pooly::postgres::isolation_level,
        pooly::postgres::reset_mode;
    const auto refusal = [](const options& how) { return refusal_of([&] { (void)factory{"", how}; }); };
    REQUIRE(refusal({}) == "accepted");
    REQUIRE(refusal({.connect_timeout = 0ms}) == "pooly: connect_timeout must be more than 0 (given 0 s)");
    REQUIRE(refusal({.health_timeout = -1ms}) == "pooly: health_timeout must be more than 0 (given -1 ms)");
    REQUIRE(refusal({.reply_timeout = std::chrono::milliseconds::max()}) ==
            "pooly: reply_timeout must be at most 24 days (given 9223372036854775807 ms)");
    REQUIRE(refusal({.commit_timeout = 0ms}) == "pooly: commit_timeout must be more than 0 (given 0 s)");
    REQUIRE(refusal({.keepalives_count = -1}) == "pooly: keepalives_count must not be negative (given -1)");
    REQUIRE(refusal({.keepalives_idle = std::chrono::seconds{1LL << 31}}) ==
            "pooly: keepalives_idle must be at most 2147483647 s (given 2147483648 s)");
    REQUIRE(refusal({.reset = static_cast<reset_mode>(9)}) == "pooly: reset is no reset_mode (given 9)");
    REQUIRE(refusal({.health = static_cast<health_check>(9)}) == "pooly: health is no health_check (given 9)");
    REQUIRE(refusal({.access = static_cast<access_mode>(9)}) == "pooly: access is no access_mode (given 9)");
    REQUIRE(refusal({.isolation = static_cast<isolation_level>(9)}) ==
            "pooly: isolation is no isolation_level (given 9)");
    const auto deferrable = refusal({.access = access_mode::read_only, .deferrable = true});
    REQUIRE_THAT(deferrable, StartsWith("pooly: deferrable needs"));
    REQUIRE_THAT(deferrable, EndsWith("(given isolation 0 and access 2)"));
}

TEST_CASE("PostgreSQL: a malformed connection string is refused in libpq's words, before any connecting") {
    for (const auto* const malformed : {"nonsense", "host=x nonsense=1", "host='x", "postgresql://[::1"}) {
        REQUIRE_THROWS_AS(factory{malformed}, std::invalid_argument);
        REQUIRE_THROWS_AS(connect(malformed), std::invalid_argument);
    }
    REQUIRE_THROWS_WITH(factory{"nonsense"},
                        ContainsSubstring("pooly: connection_string is malformed: missing \"=\" after \"nonsense\""));
    REQUIRE_THROWS_WITH((factory{std::string{"host=x\0y", 8}}), ContainsSubstring("zero byte"));
    REQUIRE_NOTHROW(factory{""});  // all of it may be in the environment

    const auto port = failure_to_connect("host=127.0.0.1 port=many");
    REQUIRE(port.state == "08001");
    REQUIRE_THAT(port.message, ContainsSubstring("port"));
}

TEST_CASE("PostgreSQL: an address that leads nowhere is told in libpq's words") {
    const held_port unused;
    const auto failed = [&](const std::string& address) {
        const auto told = failure_to_connect(address + " port=" + std::to_string(unused.number()));
        REQUIRE(told.state == "08001");
        return told.message;
    };
    REQUIRE_THAT(failed("host=127.0.0.1"), ContainsSubstring("onnection refused"));
    REQUIRE_THAT(failed("host=no.such.host.invalid"),
                 ContainsSubstring("could not translate host name \"no.such.host.invalid\" to address: "));
    REQUIRE_THAT(failed("host=''"), ContainsSubstring("No such file or directory"));  // in libpq's own directory
    REQUIRE_THAT(failed("host=/nonexistent"), ContainsSubstring("No such file or directory"));
    REQUIRE_THAT(failed("host=@pooly.nonexistent"), ContainsSubstring("onnection refused"));  // has no file
}

TEST_CASE("PostgreSQL: a connection that the server refuses tells its SQLSTATE and its words") {
    auto& server = server::shared();
    outsider().execute(
        "set client_min_messages = error; set password_encryption = 'scram-sha-256'; drop role if exists locked;"
        "create role locked login password 'sesame'");
    REQUIRE_NOTHROW(connect(server.connection_string("user=locked password=sesame")));

    const auto wrong = failure_to_connect(server.connection_string("user=locked password=open"));
    REQUIRE(wrong.state == "28P01");
    REQUIRE_THAT(wrong.message, ContainsSubstring("password authentication failed for user \"locked\""));
    REQUIRE_THAT(wrong.message, !ContainsSubstring("28P01") && !ContainsSubstring("LOCATION"));

    const auto unknown = failure_to_connect(server.tcp_connection_string("dbname=atlantis"));
    REQUIRE(unknown.state == "3D000");
    REQUIRE_THAT(unknown.message, ContainsSubstring("database \"atlantis\" does not exist"));

    const auto missing = failure_to_connect(server.connection_string("user=nobody_here"));
    REQUIRE(missing.state == "28000");
}

TEST_CASE("PostgreSQL: an established connection tells its errors as libpq does by default") {
    const auto one = outsider();
    REQUIRE(PQsetErrorVerbosity(one.get(), PQERRORS_DEFAULT) == PQERRORS_DEFAULT);
}

TEST_CASE("PostgreSQL: a server that has no room for another connection says so, and the pool goes on") {
    auto& small = server::shared();
    const crowded meanwhile{small, 3};
    db_pool db{factory{small.connection_string()}, {.size = 4, .start = start_mode::lazy, .backoff_base = 0ns}};
    const auto failed = failure_when_full(db, failure_of, [](connection& c) { c.execute("select 1"); });
    REQUIRE(failed.state == "53300");
    REQUIRE_THAT(failed.message, ContainsSubstring("too many clients"));
}

TEST_CASE("PostgreSQL: another kind of server on the port is one clear error within the deadline") {
    SECTION("one that says nothing") {
        const other_server other{other_server::manner::silent};
        for (const auto* const ssl : {" sslmode=disable", " sslmode=prefer"}) {
            failure failed;
            const auto took = time_of(
                [&] { failed = failure_to_connect(connection_string_to(other) + ssl, {.connect_timeout = 50ms}); });
            REQUIRE(took >= 50ms);
            REQUIRE(took < hang);
            REQUIRE(failed.state == "08001");
            REQUIRE_THAT(failed.message, Catch::Matchers::StartsWith(
                                             "timed out connecting to the PostgreSQL server at \"127.0.0.1\", port "));
            REQUIRE_THAT(failed.message, !ContainsSubstring("failed"));
        }
    }
    SECTION("one that says something else") {
        const other_server other{other_server::manner::talks, "HTTP/1.1 400 Bad Request\r\n\r\n"};
        for (const auto* const ssl : {" sslmode=disable", " sslmode=prefer"}) {
            const auto failed = failure_to_connect(connection_string_to(other) + ssl);
            REQUIRE(failed.state == "08001");
            REQUIRE_THAT(failed.message, ContainsSubstring("H"));
            REQUIRE_THAT(failed.message, ContainsSubstring("expected authentication request") ||
                                             ContainsSubstring("invalid response to SSL negotiation"));
        }
    }
    SECTION("one that greets as MySQL does, before it is spoken to, and waits") {
        const other_server other{other_server::manner::greets, {"J\0\0\0\n8.0.33\0", 12}};
        const auto failed =
            failure_to_connect(connection_string_to(other) + " sslmode=disable", {.connect_timeout = 1s});
        REQUIRE(failed.state == "08001");
    }
    SECTION("one that hangs up") {
        const other_server other{other_server::manner::hangs_up};
        const auto failed = failure_to_connect(connection_string_to(other));
        REQUIRE(failed.state == "08001");
        REQUIRE_THAT(failed.message, ContainsSubstring("closed the connection unexpectedly"));
    }
}

TEST_CASE("PostgreSQL: connecting ends by the consumer's deadline, and when its consumer is told to stop") {
    check_that_connecting_ends(
        [](int port) {
            return factory{to_port(port), {.connect_timeout = 24h}};
        },
        "gave up connecting");
}

TEST_CASE("PostgreSQL: connecting ends by the time that the connection string gives it") {
    const silent_resolver nobody;
    const other_server silent{other_server::manner::silent};
    const auto theirs = connection_string_to(silent) + " connect_timeout=1";
    const auto took = time_of(
        [&] { REQUIRE(failure_in([&] { (void)connect(theirs, {.connect_timeout = 24h}); }).state == "08001"); });
    REQUIRE(took < hang);
    const auto name = "host=silent.invalid connect_timeout=1";
    REQUIRE_THAT(failure_in([&] { (void)connect(name, {.connect_timeout = 24h}); }).message,
                 StartsWith("timed out resolving"));
}

TEST_CASE("PostgreSQL: a resolver that says nothing keeps nobody longer than he wants to wait") {
    const silent_resolver nobody;
    check_that_it_ends(factory{"host=silent.invalid", {.connect_timeout = 24h}},
                       "gave up resolving the host name \"silent.invalid\"");
}

TEST_CASE("PostgreSQL: a name that the resolver gave up on is asked about once") {
    const auto before = silent_resolver::times_asked();
    const auto failed = failure_in([] { (void)connect("host=silent.invalid"); });
    REQUIRE(silent_resolver::times_asked() == before + 1);
    REQUIRE(failed.state == "08001");
    REQUIRE(failed.message ==
            std::string{"could not translate host name \"silent.invalid\" to address: "} + ::gai_strerror(EAI_AGAIN));
}

TEST_CASE("PostgreSQL: of two hosts one that has no address is none, and nobody asks for that of a given address") {
    const auto& server = server::shared();
    const auto before = silent_resolver::times_asked();
    REQUIRE_NOTHROW(connect(server.tcp_connection_string("host=silent.invalid hostaddr=127.0.0.1")));
    REQUIRE(silent_resolver::times_asked() == before);
    REQUIRE_NOTHROW(connect(server.tcp_connection_string("host=silent.invalid,127.0.0.1")));
}

TEST_CASE("PostgreSQL: the name of a host is where libpq finds it") {
    const silent_resolver nobody;
    const auto file = server::shared().directory() + "/services";
    std::ofstream{file} << "[silent]\nhost=silent.invalid\n[here]\nhost=127.0.0.1\n";
    const surroundings services{"PGSERVICEFILE", file};
    const auto told = [](const std::string& connection_string) {
        std::string message;
        const auto took = time_of(
            [&] { message = failure_in([&] { (void)connect(connection_string, {.connect_timeout = 1ms}); }).message; });
        REQUIRE(took < hang);
        return message;
    };
    const auto* const late = "timed out resolving the host name \"silent.invalid\"";
    REQUIRE(told("service=silent sslmode=require") == late);
    REQUIRE(told("postgresql:///x?service=silent") == late);
    REQUIRE_THAT(told("service=silent host=127.0.0.1"), !ContainsSubstring("resolving"));
    REQUIRE_THAT(told("service=nonsense"), ContainsSubstring("definition of service \"nonsense\" not found"));
    {
        const surroundings service{"PGSERVICE", "silent"};
        REQUIRE(told("") == late);
    }
    const surroundings host{"PGHOST", "silent.invalid"};
    REQUIRE(told("") == late);
    REQUIRE_THAT(told("service=here"), !ContainsSubstring("resolving"));
}

TEST_CASE("PostgreSQL: TCP watches over an idle connection as the options say, and the connection string before them") {
    const auto setting = [](const connection& c, int name) {
        return socket_option(PQsocket(c.get()), IPPROTO_TCP, name);
    };
    const auto& server = server::shared();
    const auto usual = connect(server.tcp_connection_string());
    REQUIRE(setting(usual, TCP_KEEPIDLE) == 30);
    REQUIRE(setting(usual, TCP_KEEPINTVL) == 10);
    REQUIRE(setting(usual, TCP_KEEPCNT) == 3);
    REQUIRE(setting(usual, TCP_USER_TIMEOUT) == 30'000);

    const auto other =
        connect(server.tcp_connection_string("keepalives_idle=11"),
                {.keepalives_idle = 7s, .keepalives_interval = 4s, .keepalives_count = 5, .tcp_user_timeout = 1500ms});
    REQUIRE(setting(other, TCP_KEEPIDLE) == 11);
    REQUIRE(setting(other, TCP_KEEPINTVL) == 4);
    REQUIRE(setting(other, TCP_KEEPCNT) == 5);
    REQUIRE(setting(other, TCP_USER_TIMEOUT) == 1500);

    const auto system =
        connect(server.tcp_connection_string(),
                {.keepalives_idle = 0s, .keepalives_interval = 0s, .keepalives_count = 0, .tcp_user_timeout = 0ms});
    REQUIRE(setting(system, TCP_KEEPIDLE) > 30);
    REQUIRE(setting(system, TCP_USER_TIMEOUT) == 0);
}

TEST_CASE("PostgreSQL: a SQLSTATE is taken out of a verbose message") {
    const auto take = [](std::string_view verbose) { return pooly::postgres::detail::take_sqlstate(verbose); };
    auto told = take(
        "connection to server at \"h\", port 1 failed: FATAL:  28P01: password authentication failed\n"
        "LOCATION:  auth_failed, auth.c:338\n");
    REQUIRE(told.state == "28P01");
    REQUIRE(told.message == "connection to server at \"h\", port 1 failed: FATAL:  password authentication failed");

    told = take("FEHLER:  3D000: Datenbank fehlt\nDETAIL:  a, b:7 and more\nORT:  InitPostgres, postinit.c:885\n");
    REQUIRE(told.state == "3D000");
    REQUIRE(told.message == "FEHLER:  Datenbank fehlt\nDETAIL:  a, b:7 and more");

    told = take("could not connect\n");
    REQUIRE(told.state.empty());
    REQUIRE(told.message == "could not connect");
    REQUIRE(take("").message.empty());
    REQUIRE(take("x:  1234").state.empty());
    REQUIRE(take("x:  abcde: no code").state.empty());
}
