// SPDX-License-Identifier: MIT
#include <stdexcept>
#include <string>
#include <thread>

#include "postgres/bouncer.hpp"
#include "postgres/support.hpp"
#include "support/connecting_checks.hpp"
#include "support/half_way.hpp"
#include "support/waiting.hpp"

using namespace postgres_test;
using pooly::postgres::access_mode;
using pooly::postgres::behind_pgbouncer;
using pooly::postgres::isolation_level;

TEST_CASE("PgBouncer: a pool behind it shares few sessions, transaction by transaction") {
    if (!bouncer::is_installed()) {
        WARN("skipped: PgBouncer is not installed");
        return;
    }
    const bouncer between{server::shared()};
    auto outside = outsider();
    outside.execute("set client_min_messages = error; drop table if exists t; create table t(a int)");
    outside.execute("insert into t values (0)");

    SECTION("no update is lost, and none of a transaction that was given up is left") {
        constexpr int threads = 4;
        db_pool db{factory{between.connection_string(), behind_pgbouncer()},
                   {.size = threads, .checkout_timeout = 60s, .check_after_idle = 0ns}};
        const int done = committed_by_many(db, threads, 25, [](connection& c) { c.execute("update t set a = a + 1"); });
        REQUIRE(number(outside, "select a from t") == done);
        REQUIRE(db.stats().created == threads);
    }
    SECTION("a transaction left open does not keep its session, nor go to the next consumer") {
        db_pool db{factory{between.connection_string(), behind_pgbouncer()}, {.size = 3}};
        {
            const auto first = db.checkout();
            const auto second = db.checkout();
            first->execute("begin; update t set a = 7");
            second->execute("begin; select 1");  // now no session is free
        }
        REQUIRE(number(*db.checkout(), "select a from t") == 0);
        REQUIRE(db.stats().created == 3);
    }
    SECTION("isolation and access are the transaction's, and leave nothing in the session") {
        const auto how =
            behind_pgbouncer({.isolation = isolation_level::serializable, .access = access_mode::read_only});
        db_pool db{factory{between.connection_string(), how}, {.size = 1}};
        REQUIRE(db.transaction([](connection& c) { return text(c, "show transaction_isolation"); }) == "serializable");
        REQUIRE(text(*db.checkout(), "show transaction_isolation") == "read committed");
        REQUIRE(text(*db.checkout(), "show default_transaction_read_only") == "off");
    }
    SECTION("a session that the server ended behind it costs one connection at most") {
        db_pool db{factory{between.connection_string(), behind_pgbouncer()},
                   {.size = 1, .check_after_idle = 0ns, .backoff_base = 0ns}};
        const auto backend = text(*db.checkout(), "select pg_backend_pid()");
        (void)text(outside, "select pg_terminate_backend(" + backend + ", 10000)");
        REQUIRE(text(*db.checkout(), "select pg_backend_pid()") != backend);
    }
}

TEST_CASE("PgBouncer: a server that is down behind it is a backend that is down, and no death of workers") {
    if (!bouncer::is_installed()) {
        WARN("skipped: PgBouncer is not installed");
        return;
    }
    auto& server = server::shared();
    const bouncer between{server};
    db_pool db{factory{between.connection_string(), behind_pgbouncer({.connect_timeout = long_enough})},
               {.size = 3, .check_after_idle = 0ns, .backoff_base = 1ms, .backoff_cap = 10ms}};
    {
        const pooly::test::dead meanwhile{server};
        for (int i = 0; i < 50; ++i) {
            const auto got = db.try_checkout_for(long_enough);
            REQUIRE((!got && got.error() != pooly::errc::failed));
        }
        REQUIRE(db.status().backend_down);
        REQUIRE(db.stats().created == 3);
    }
    pooly::test::wait_until([&] { return db.try_checkout_for(hang).has_value(); });
    REQUIRE(db.stats().create_failures > 0);
}

TEST_CASE("PgBouncer: to wait for a session, and find that one may use it, ends as connecting does") {
    if (!bouncer::is_installed()) {
        WARN("skipped: PgBouncer is not installed");
        return;
    }
    const bouncer between{server::shared(), 1};
    auto first = pooly::postgres::connect(between.connection_string());
    first.execute("begin; select 1");
    check_that_it_ends(factory{between.connection_string(), behind_pgbouncer({.connect_timeout = 24h})},
                       "gave up connecting to the PostgreSQL server at \"127.0.0.1\"");
    const auto late = failure_in([&] {
        (void)pooly::postgres::connect(between.connection_string(), behind_pgbouncer({.connect_timeout = 50ms}));
    });
    REQUIRE(late.state == "08001");
    REQUIRE_THAT(late.message, Catch::Matchers::StartsWith("timed out connecting to the PostgreSQL server at "));
    first.execute("commit");
    auto second = pooly::postgres::connect(between.connection_string(), behind_pgbouncer());
    REQUIRE(number(second, "select 1") == 1);
}
