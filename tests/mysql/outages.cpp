// SPDX-License-Identifier: MIT
#include <string>

#include "mysql/support.hpp"
#include "support/outage_checks.hpp"

using namespace mysql_test;
using pooly::mysql::health_check;
using pooly::mysql::reset_mode;

TEST_CASE("MariaDB: an idle connection that the server ended is not lent") {
    const auto how = GENERATE(health_check::ping, health_check::status_only);
    pool_of_one one{{.health = how}, {.check_after_idle = 0ns}};
    const auto id = id_of(*one.db.checkout());
    REQUIRE(id_of(*one.db.checkout()) == id);  // a healthy one is

    end(one.outside, id);
    REQUIRE(id_of(*one.db.checkout()) != id);
    REQUIRE(one.db.stats().unhealthy == 1);

    auto idle = pooly::mysql::connect(server::shared().by_socket({.health = how}));
    end(one.outside, id_of(idle));
    const auto told = failure_in([&] { (void)pooly::worker_traits<connection>::healthy(idle); });
    REQUIRE(told.message == "the connection to the MariaDB server is lost");
}

TEST_CASE("MariaDB: a leased connection that the server ended is replaced when it comes back") {
    const auto mode = GENERATE(reset_mode::reset_connection, reset_mode::rollback_only);
    pool_of_one one{{.reset = mode}};
    {
        const auto lease = one.db.checkout();
        end(one.outside, id_of(*lease));
        const auto failed = failure_in([&] { lease->execute("select 1"); });
        REQUIRE((failed.code == 2006 || failed.code == 2013 || failed.code == 1927));
    }
    REQUIRE(one.db.stats().reset_failures == 1);
    {
        const auto lease = one.db.checkout();  // and one whose consumer did not notice
        end(one.outside, id_of(*lease));
    }
    REQUIRE(number(*one.db.checkout(), "select 1") == 1);
    REQUIRE(one.db.stats().reset_failures == 2);
}

TEST_CASE("MariaDB: a transaction whose connection is lost before its commit fails, and is surely not committed") {
    pool_of_one one;
    const auto failed = failure_in([&] {
        one.db.transaction([&](connection& c) {
            c.execute("insert into t values (1, 1)");
            end(one.outside, id_of(c));
        });
    });
    REQUIRE((failed.code == 2006 || failed.code == 2013));
    REQUIRE(failed.state == "08006");
    REQUIRE(one.rows() == 0);
    REQUIRE_NOTHROW(one.db.transaction([](connection& c) { c.execute("insert into t values (2, 2)"); }));
}

TEST_CASE("MariaDB: a transaction whose server says nothing to its commit fails, its outcome unknown") {
    pool_of_one one{{.reset = reset_mode::rollback_only, .commit_timeout = long_enough}};
    failing failed{};
    const auto took = time_of([&] {
        auto open = one.db.begin();
        open->execute("insert into t values (1, 1)");
        const frozen meanwhile{server::shared()};
        failed = failure_in([&] { open.commit(); });
    });
    REQUIRE(took < hang);
    REQUIRE(failed.code == 2013);
    REQUIRE(failed.state == "08007");
    REQUIRE(one.db.stats().destroyed == 1);
    REQUIRE(number(*one.db.checkout(), "select 1") == 1);
}

TEST_CASE("MariaDB: a server that hangs keeps no consumer past its deadline") {
    auto& server = server::shared();
    const options limits{.connect_timeout = 1s,
                         .health_timeout = long_enough,
                         .reply_timeout = long_enough,
                         .commit_timeout = long_enough,
                         .read_timeout = 1s};
    const bool by_tls = server::speaks_tls() && GENERATE(false, true);
    const auto quick = by_tls ? server.by_tls(limits) : server.by_socket(limits);
    check_that_no_call_of_the_pool_hangs(factory{quick}, server);
    SECTION("in the begin") {
        db_pool db{factory{quick}, {.size = 1, .check_after_idle = -1ns}};
        const frozen meanwhile{server};
        REQUIRE(time_of([&] { REQUIRE(failure_in([&] { (void)db.begin(); }).code == 2013); }) < hang);
    }
    SECTION("in the commit, or the question before it") {
        const auto mode = GENERATE(reset_mode::reset_connection, reset_mode::rollback_only);
        auto of_mode = quick;
        of_mode.reset = mode;
        db_pool db{factory{of_mode}, {.size = 1}};
        auto open = db.begin();
        const frozen meanwhile{server};
        failing failed{};
        REQUIRE(time_of([&] { failed = failure_in([&] { open.commit(); }); }) < hang);
        REQUIRE(failed.state == (mode == reset_mode::rollback_only ? "08007" : "08006"));
    }
    SECTION("in a statement of his own, where there is a read_timeout") {
        db_pool db{factory{quick}, {.size = 1}};
        auto lease = db.checkout();
        const frozen meanwhile{server};
        REQUIRE(time_of([&] {
                    REQUIRE(failure_in([&] { lease->execute("select 1"); }).code == (by_tls ? 2026 : 2013));
                }) < hang);
    }
    SECTION("in a statement that he did not wait for") {
        db_pool db{factory{quick}, {.size = 1}};
        auto lease = db.checkout();
        const frozen meanwhile{server};
        REQUIRE(mysql_send_query(lease->get(), "do 1", 4) == 0);
        REQUIRE(time_of([&] { lease.checkin(); }) < hang);
    }
    SECTION("in a result that he did not read to its end") {
        db_pool db{factory{quick}, {.size = 1}};
        auto lease = db.checkout();
        REQUIRE(mysql_query(lease->get(), "select seq from seq_1_to_100000") == 0);
        const pooly::mysql::detail::result_owner rows{mysql_use_result(lease->get())};
        const frozen meanwhile{server};
        REQUIRE(time_of([&] { lease.checkin(); }) < hang);
    }
    SECTION("in the goodbye of a connection") {
        check_that_closing_waits_for_nobody(factory{quick}, server,
                                            [](connection& c) { return mysql_get_socket(c.get()); });
    }
    db_pool db{factory{server.by_socket()}, {.size = 1}};  // nothing but the hanging was wrong
    REQUIRE(number(*db.checkout(), "select 1") == 1);
}

TEST_CASE("MariaDB: leases that a killed server left behind are replaced") {
    auto& server = server::shared();
    check_that_lost_leases_are_replaced(factory{server.by_tcp()}, server, [](connection& c) { c.execute("select 1"); });
}
