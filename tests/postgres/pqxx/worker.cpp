// SPDX-License-Identifier: MIT
#include <pqxx/pqxx>

#include <chrono>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>

#include <pooly/adapters/pqxx.hpp>

#include "postgres/bouncer.hpp"
#include "postgres/support.hpp"
#include "support/connecting_checks.hpp"
#include "support/outage_checks.hpp"
#include "support/silent_resolver.hpp"

using namespace postgres_test;
using Catch::Matchers::ContainsSubstring;
using pooly::postgres::pqxx_connection;
using pooly::postgres::pqxx_factory;

static_assert(std::is_same_v<decltype(pooly::pool{pqxx_factory{""}}), pooly::pool<pqxx_connection>>);

namespace {

struct pqxx_pool {
    explicit pqxx_pool(const options& how = {})
        : outside{outsider()},
          db{pqxx_factory{server::shared().connection_string(), how},
             {.size = 1,
              .check_after_idle = 0ns,
              .max_restarts = pooly::pool_options::unlimited,
              .backoff_base = 0ns}} {
        outside.execute("set client_min_messages = error; drop table if exists t; create table t(a int)");
    }
    [[nodiscard]] int rows() const { return number(outside, "select count(*) from t"); }

    connection outside;
    pooly::pool<pqxx_connection> db;
};

[[nodiscard]] std::string ask(pqxx::connection& c, const std::string& sql) {
    pqxx::nontransaction tx{c};
    return tx.exec(sql)[0][0].c_str();
}

}  // namespace

TEST_CASE("libpqxx: its transactions work on a lease") {
    pqxx_pool one;
    {
        const auto lease = one.db.checkout();
        pqxx::work tx{*lease};
        tx.exec("insert into t values (1)");
        tx.commit();
    }
    {
        const auto lease = one.db.checkout();
        pqxx::work tx{*lease};
        tx.exec("insert into t values (2)");  // and is given up
    }
    REQUIRE(one.rows() == 1);
    const auto rows = pooly::postgres::transaction(
        one.db, [](pqxx::work& tx) { return tx.exec1("select count(*) from t")[0].as<int>(); });
    REQUIRE(rows == 1);
    REQUIRE(one.db.stats().created == 1);
}

TEST_CASE("libpqxx: a transaction of the pool is committed, or rolled back on an exception") {
    pqxx_pool one;
    one.db.transaction([](pqxx::connection& c) { pqxx::nontransaction{c}.exec0("insert into t values (1)"); });
    REQUIRE(one.rows() == 1);
    REQUIRE_THROWS_AS(one.db.transaction([](pqxx::connection& c) {
        pqxx::nontransaction{c}.exec0("insert into t values (2)");
        throw std::logic_error{"half way"};
    }),
                      std::logic_error);
    REQUIRE(one.rows() == 1);
    REQUIRE_THROWS_AS(one.db.transaction([](pqxx::connection& c) {
        try {
            pqxx::nontransaction{c}.exec0("select nonsense");
        } catch (const pqxx::sql_error&) {  // and goes on as if nothing had been
        }
    }),
                      pqxx::sql_error);
}

TEST_CASE("libpqxx: a transaction that is rolled back instead of committed is told so") {
    using pooly::postgres::transaction;
    pqxx_pool one;
    const auto swallow = [](const auto& work) {
        try {
            work();
        } catch (const std::exception&) {  // and goes on as if nothing had been
        }
    };
    const auto state_of = [&](const auto& failing) {
        try {
            transaction(one.db, [&](pqxx::work& tx) {
                tx.exec0("insert into t values (1)");
                swallow([&] { failing(tx); });
            });
        } catch (const pqxx::sql_error& told) {
            return told.sqlstate();
        }
        return std::string{"done"};
    };
    REQUIRE(state_of([](pqxx::work& tx) { tx.exec_params("select 1 / $1::int", 0); }) == "25P02");
    REQUIRE(state_of([](pqxx::work& tx) { tx.set_variable("nonsense", "1"); }) == "25P02");
    REQUIRE(state_of([](pqxx::work& tx) {
                pqxx::pipeline several{tx};
                (void)several.retrieve(several.insert("select 1 / 0"));
            }) == "25P02");
    REQUIRE(state_of([](pqxx::work& tx) {
                pqxx::stream_to rows{tx, "t"};
                rows << std::make_tuple("no number");
                rows.complete();
            }) == "25P02");
    REQUIRE(state_of([](pqxx::work& tx) { tx.exec0("rollback"); }) == "25P01");
    REQUIRE(one.rows() == 0);

    REQUIRE(state_of([](pqxx::work&) {}) == "done");
    transaction(one.db, [](pqxx::work&) {});  // in which nothing is said to the server
    transaction<pqxx::nontransaction>(one.db, [](pqxx::nontransaction& tx) { tx.exec0("insert into t values (2)"); });
    REQUIRE(one.rows() == 2);
    REQUIRE(one.db.stats().created == 1);
}

TEST_CASE("libpqxx: rows are streamed in any transaction, and the connection is good for more") {
    pqxx_pool one;
    const auto put = [](auto& tx) {
        pqxx::stream_to rows{tx, "t"};
        rows << std::make_tuple(1);
        rows.complete();
    };
    pooly::postgres::transaction(one.db, [&](pqxx::work& tx) { put(tx); });
    one.db.transaction([&](pqxx::connection& c) {
        pqxx::nontransaction tx{c};
        put(tx);
    });
    {
        const auto lease = one.db.checkout();
        pqxx::nontransaction tx{*lease};
        put(tx);
    }
    REQUIRE(one.rows() == 3);
    REQUIRE(one.db.stats().created == 1);
}

TEST_CASE("libpqxx: the next consumer finds nothing of the last one but prepared statements") {
    pqxx_pool one;
    {
        const auto lease = one.db.checkout();
        lease->prepare("double", "select 2 * $1::int");
        pqxx::nontransaction tx{*lease};
        REQUIRE(tx.exec_prepared1("double", 4)[0].as<int>() == 8);
        tx.exec0("set statement_timeout = 12345");
        tx.exec0("begin");
        tx.exec0("insert into t values (1)");
    }
    const auto lease = one.db.checkout();
    REQUIRE(ask(*lease, "show statement_timeout") == "0");
    REQUIRE(one.rows() == 0);
    pqxx::nontransaction tx{*lease};
    REQUIRE(tx.exec_prepared1("double", 5)[0].as<int>() == 10);
    REQUIRE(one.db.stats().created == 1);
}

TEMPLATE_TEST_CASE("libpqxx: a transaction that outlives its lease is aborted, and in nobody's way", "", pqxx::work,
                   pqxx::nontransaction) {
    pqxx_pool one;
    const bool begun = GENERATE(false, true);
    std::unique_ptr<TestType> left;
    {
        const auto lease = one.db.checkout();
        left = std::make_unique<TestType>(*lease);
        if (begun) left->exec0("begin; insert into t values (1)");
    }
    pooly::postgres::transaction(one.db, [](pqxx::work& tx) { tx.exec0("insert into t values (2)"); });
    REQUIRE_THROWS_AS(left->exec0("insert into t values (3)"), pqxx::usage_error);
    {
        const auto lease = one.db.checkout();
        pqxx::work tx{*lease};
        tx.exec0("insert into t values (4)");
        left.reset();
        tx.commit();
    }
    REQUIRE(text(one.outside, "select sum(a) from t") == "6");
    REQUIRE(one.db.stats().created == 1);
}

TEST_CASE("libpqxx: a transaction whose commit failed is in nobody's way when it is left behind") {
    pqxx_pool one;
    one.outside.execute("alter table t add unique (a) deferrable initially deferred");
    auto lease = one.db.checkout();
    auto left = std::make_unique<pqxx::work>(*lease);
    left->exec0("insert into t values (1), (1)");
    REQUIRE_THROWS_AS(left->commit(), pqxx::unique_violation);
    const bool goes_on = GENERATE(true, false);
    if (goes_on)
        lease.checkin();
    else
        lease.discard();
    const auto next = one.db.checkout();
    pqxx::work tx{*next};
    tx.exec0("insert into t values (2)");
    left.reset();
    tx.commit();
    REQUIRE(text(one.outside, "select sum(a) from t") == "2");
    REQUIRE(one.db.stats().created == (goes_on ? 1U : 2U));
}

TEST_CASE("libpqxx: what the last consumer has set is not told to the next") {
    pqxx_pool one;
    one.db.checkout()->set_variable("statement_timeout", "12345");
    REQUIRE(one.db.checkout()->get_variable("statement_timeout") == "0");
    REQUIRE(one.db.stats().created == 1);
}

TEST_CASE("libpqxx: a transaction that outlives its connection is aborted, and not heard on that in its place") {
    const auto ends_by = GENERATE("a discard", "the server");
    const bool speaks = GENERATE(false, true);
    pqxx_pool one;
    auto lease = one.db.checkout();
    auto left = std::make_unique<pqxx::work>(*lease);
    left->exec0("insert into t values (1)");
    if (ends_by == std::string{"a discard"}) {
        lease.discard();
    } else {
        (void)text(one.outside, "select pg_terminate_backend(" + std::to_string(lease->backendpid()) + ", 10000)");
        lease.checkin();
    }
    const auto next = one.db.checkout();
    pqxx::work tx{*next};
    tx.exec0("insert into t values (2)");
    if (speaks) REQUIRE_THROWS_AS(left->exec0("insert into t values (3)"), pqxx::usage_error);
    left.reset();
    tx.commit();
    REQUIRE(text(one.outside, "select sum(a) from t") == "2");
}

TEST_CASE("libpqxx: a broken connection is replaced") {
    pqxx_pool one;
    const auto backend = [&] { return one.db.checkout()->backendpid(); };
    const int first = backend();
    (void)text(one.outside, "select pg_terminate_backend(" + std::to_string(first) + ", 10000)");
    REQUIRE(backend() != first);
    REQUIRE(one.db.stats().unhealthy == 1);
}

TEST_CASE("libpqxx: a server that hangs costs a connection and no consumer") {
    SECTION("in the reset") {
        pqxx_pool one{{.health_timeout = 500ms, .reply_timeout = 500ms}};
        auto lease = one.db.checkout();
        const frozen meanwhile{server::shared()};
        REQUIRE(time_of([&] { lease.checkin(); }) < hang);
        REQUIRE(one.db.stats().reset_failures == 1);
    }
    SECTION("in the goodbye of a connection that a transaction outlives") {
        pqxx_pool one{{.connect_timeout = 2 * hang}};
        auto lease = one.db.checkout();
        pqxx::work left{*lease};
        left.exec0("insert into t values (1)");
        const frozen meanwhile{server::shared()};
        REQUIRE(time_of([&] { lease.discard(); }) < hang);
    }
    SECTION("in the goodbye of a connection") {
        check_that_closing_waits_for_nobody(pqxx_factory{server::shared().connection_string(), {.connect_timeout = 1s}},
                                            server::shared(), [](pqxx::connection& c) { return c.sock(); });
    }
}

TEST_CASE("libpqxx: what cannot be connected to is told in libpq's words") {
    const auto failure_to_connect = [](const std::string& connection_string, const options& how = {}) {
        struct failure {
            std::string message;
        };
        return failure_to_start(pqxx_factory{connection_string, how},
                                [](const std::exception_ptr& told) -> failure {
                                    try {
                                        if (told) std::rethrow_exception(told);
                                    } catch (const pqxx::broken_connection& broken) {
                                        return {broken.what()};
                                    }
                                    return {"it did not fail"};
                                })
            .message;
    };
    const auto& server = server::shared();
    REQUIRE_THROWS_AS(pqxx_factory{"nonsense"}, std::invalid_argument);
    REQUIRE_THAT(failure_to_connect(server.tcp_connection_string("dbname='at lan\\'tis'")),
                 ContainsSubstring("database \"at lan'tis\" does not exist"));
    outsider().execute(
        "set client_min_messages = error; set password_encryption = 'scram-sha-256'; drop role if exists locked;"
        "create role locked login password 'sesame'");
    REQUIRE_THAT(failure_to_connect(server.connection_string("user=locked password=open")),
                 ContainsSubstring("password authentication failed for user \"locked\""));
    REQUIRE_THAT(failure_to_connect("host=no.such.host.invalid"), ContainsSubstring("no.such.host.invalid"));
    REQUIRE_THAT(failure_to_connect("host=/nonexistent"), ContainsSubstring("No such file or directory"));
    const held_port unused;
    const auto to_port = [](int port) { return "host=127.0.0.1 sslmode=disable port=" + std::to_string(port); };
    REQUIRE_THAT(failure_to_connect(to_port(unused.number())), ContainsSubstring("onnection refused"));
    const other_server talker{other_server::manner::talks, "HTTP/1.1 400 Bad Request\r\n\r\n"};
    REQUIRE_THAT(failure_to_connect(to_port(talker.port())), ContainsSubstring("expected authentication request"));
    const other_server silent{other_server::manner::silent};
    const auto took = time_of([&] {
        REQUIRE_THAT(failure_to_connect(to_port(silent.port()), {.connect_timeout = 1ms}),
                     ContainsSubstring("timeout expired"));
    });
    REQUIRE(took < hang);
}

TEST_CASE("libpqxx: a resolver that says nothing keeps nobody longer than he wants to wait") {
    const silent_resolver nobody;
    check_that_it_ends(pqxx_factory{"host=silent.invalid", {.connect_timeout = 24h}},
                       "gave up resolving the host name \"silent.invalid\"");
}

TEST_CASE("libpqxx: to wait for a session of PgBouncer ends as connecting does") {
    if (!bouncer::is_installed()) {
        WARN("skipped: PgBouncer is not installed");
        return;
    }
    const bouncer between{server::shared(), 1};
    auto first = pooly::postgres::connect(between.connection_string());
    first.execute("begin; select 1");
    const auto how = pooly::postgres::behind_pgbouncer({.connect_timeout = 24h});
    check_that_it_ends(pqxx_factory{between.connection_string(), how}, "gave up connecting to the PostgreSQL server");
}

TEST_CASE("libpqxx: a name that the resolver gave up on is asked about once") {
    const auto before = silent_resolver::times_asked();
    REQUIRE_THROWS_AS(pqxx_factory{"host=silent.invalid"}({}), pqxx::broken_connection);
    REQUIRE(silent_resolver::times_asked() == before + 1);
}

TEST_CASE("libpqxx: the shortest time to connect holds, in whole seconds") {
    const auto limit = [](const std::string& given, std::chrono::milliseconds left) {
        const auto text = pooly::postgres::detail::completed(given, {}, left);
        return text.substr(text.rfind("connect_timeout"));
    };
    REQUIRE(limit("", 2500ms) == "connect_timeout='3' ");
    REQUIRE(limit("", 1ms) == "connect_timeout='1' ");
    REQUIRE(limit("connect_timeout=2", 5s) == "connect_timeout='2' ");
    REQUIRE(limit("connect_timeout=9", 5s) == "connect_timeout='5' ");
    REQUIRE(limit("connect_timeout=0", 5s) == "connect_timeout='5' ");  // libpq's word for "for ever"
}

TEST_CASE("libpqxx: a transaction that fails by a serialization failure is run again") {
    using serializable = pqxx::transaction<pqxx::repeatable_read>;
    pqxx_pool one;
    one.outside.execute("insert into t values (0)");
    int attempts = 0;
    pooly::postgres::transaction<serializable>(one.db, [&](serializable& tx) {
        const int before = tx.exec1("select a from t")[0].as<int>();
        if (++attempts == 1) one.outside.execute("update t set a = a + 1");
        tx.exec0("update t set a = " + std::to_string(before + 1));
    });
    REQUIRE(attempts == 2);
    REQUIRE(number(one.outside, "select a from t") == 2);

    attempts = 0;  // and where the pool makes the transaction
    REQUIRE_THROWS_AS(
        pooly::postgres::transaction(one.db,
                                     [&](pqxx::connection& c) {
                                         ++attempts;
                                         pqxx::nontransaction{c}.exec0(
                                             "do $$ begin raise exception using errcode = '40P01'; end $$");
                                     },
                                     {.max_attempts = 3, .backoff_base = 0ns, .backoff_cap = 0ns}),
        pqxx::deadlock_detected);
    REQUIRE(attempts == 3);
}
