// SPDX-License-Identifier: MIT
#include <string>

#include "postgres/support.hpp"
#include "support/outage_checks.hpp"

using namespace postgres_test;
using pooly::start_mode;
using pooly::postgres::health_check;

TEST_CASE("PostgreSQL: an idle connection that the server ended is not lent") {
    const auto how = GENERATE(health_check::empty_query, health_check::select_1, health_check::status_only);
    pool_of_one one{{.health = how}, {.check_after_idle = 0ns}};
    const int backend = backend_of(*one.db.checkout());
    REQUIRE(backend_of(*one.db.checkout()) == backend);  // a healthy one is

    end(one.outside, backend);
    const auto lease = one.db.checkout();
    REQUIRE(backend_of(*lease) != backend);
    REQUIRE(number(*lease, "select 1") == 1);
    REQUIRE(one.db.stats().unhealthy == 1);

    auto idle = pooly::postgres::connect(server::shared().connection_string(), {.health = how});
    end(one.outside, backend_of(idle));
    const auto told = failure_in([&] { (void)pooly::worker_traits<connection>::healthy(idle); });
    REQUIRE_THAT(told.message, Catch::Matchers::StartsWith("server closed the connection unexpectedly"));
}

TEST_CASE("PostgreSQL: a leased connection that the server ended is replaced when it comes back") {
    pool_of_one one;
    {
        const auto lease = one.db.checkout();
        end(one.outside, backend_of(*lease));
        REQUIRE(failure_in([&] { lease->execute("select 1"); }).state == "57P01");
    }
    REQUIRE(one.db.stats().reset_failures == 1);
    {
        const auto lease = one.db.checkout();  // and one whose consumer did not notice
        end(one.outside, backend_of(*lease));
    }
    REQUIRE(number(*one.db.checkout(), "select 1") == 1);
    REQUIRE(one.db.stats().reset_failures == 2);
}

TEST_CASE("PostgreSQL: a transaction whose connection is lost before its commit fails, and is surely not committed") {
    pool_of_one one;
    const auto failed = failure_in([&] {
        one.db.transaction([&](connection& c) {
            c.execute("insert into t values (1)");
            end(one.outside, backend_of(c));
        });
    });
    REQUIRE(failed.state == "08006");
    REQUIRE(one.rows() == 0);
    REQUIRE_NOTHROW(one.db.transaction([](connection& c) { c.execute("insert into t values (2)"); }));
}

TEST_CASE("PostgreSQL: a transaction whose server says nothing to its commit fails, its outcome unknown") {
    pool_of_one one{{.reply_timeout = long_enough, .commit_timeout = long_enough}};
    failure failed;
    const auto took = time_of([&] {
        auto open = one.db.begin();
        open->execute("insert into t values (1)");
        const frozen meanwhile{server::shared()};
        failed = failure_in([&] { open.commit(); });
    });
    REQUIRE(took < hang);
    REQUIRE(failed.state == "08007");
    REQUIRE(one.db.stats().destroyed == 1);
    REQUIRE(number(*one.db.checkout(), "select 1") == 1);
}

TEST_CASE("PostgreSQL: leases that a killed server left behind are replaced") {
    auto& server = server::shared();
    check_that_lost_leases_are_replaced(factory{server.connection_string()}, server,
                                        [](connection& c) { c.execute("select 1"); });
}

TEST_CASE("PostgreSQL: a server that hangs keeps no consumer past its deadline") {
    auto& server = server::shared();
    const options quick{.connect_timeout = 1s, .health_timeout = long_enough, .reply_timeout = long_enough};

    check_that_no_call_of_the_pool_hangs(factory{server.connection_string(), quick}, server);
    SECTION("in the begin") {
        db_pool db{factory{server.connection_string(), quick}, {.size = 1, .check_after_idle = -1ns}};
        const frozen meanwhile{server};
        REQUIRE(time_of([&] { REQUIRE(failure_in([&] { (void)db.begin(); }).state == "08006"); }) < hang);
    }
    SECTION("in the middle of a COPY with more to send than the server takes") {
        db_pool db{factory{server.connection_string(), quick}, {.size = 1}};
        auto lease = db.checkout();
        lease->execute("set client_min_messages = error; drop table if exists t; create table t(a int)");
        PQclear(PQexec(lease->get(), "copy t from stdin"));
        const frozen meanwhile{server};
        PQsetnonblocking(lease->get(), 1);
        const std::string rows(std::size_t{1} << 20U, '\n');
        while (PQputCopyData(lease->get(), rows.data(), static_cast<int>(rows.size())) == 1 &&
               PQflush(lease->get()) == 0)
            continue;
        PQsetnonblocking(lease->get(), 0);
        REQUIRE(time_of([&] { lease.checkin(); }) < hang);
    }
    SECTION("in the goodbye of a connection") {
        check_that_closing_waits_for_nobody(factory{server.connection_string(), quick}, server,
                                            [](connection& c) { return PQsocket(c.get()); });
    }
    db_pool db{factory{server.connection_string()}, {.size = 1}};  // nothing but the hanging was wrong
    REQUIRE(number(*db.checkout(), "select 1") == 1);
}
