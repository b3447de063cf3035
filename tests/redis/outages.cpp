// SPDX-License-Identifier: MIT
#include <string>

#include "redis/support.hpp"
#include "support/outage_checks.hpp"

using namespace redis_test;
using pooly::redis::health_check;
using pooly::redis::reset_mode;

TEST_CASE("Redis: an idle connection that the server ended is not lent") {
    const auto how = GENERATE(health_check::ping, health_check::status_only);
    pool_of_one one{{.health = how}, {.check_after_idle = 0ns}};
    const auto id = id_of(*one.db.checkout());
    REQUIRE(id_of(*one.db.checkout()) == id);  // a healthy one is

    end(one.outside, id);
    REQUIRE(id_of(*one.db.checkout()) != id);
    REQUIRE(one.db.stats().unhealthy == 1);

    auto idle = pooly::redis::connect(server::shared().by_socket({.health = how}));
    end(one.outside, id_of(idle));
    const auto told = failure_in([&] { (void)pooly::worker_traits<connection>::healthy(idle); });
    REQUIRE(told.message == "the connection to the Redis server is lost");
}

TEST_CASE("Redis: a leased connection that the server ended is replaced when it comes back") {
    const auto mode = GENERATE(reset_mode::reset_command, reset_mode::piecemeal, reset_mode::nothing);
    pool_of_one one{{.reset = mode}};
    {
        const auto lease = one.db.checkout();
        end(one.outside, id_of(*lease));
        REQUIRE(failure_in([&] { lease->command("PING"); }).what == kind::connection_lost);
    }
    REQUIRE(one.db.stats().reset_failures == 1);
    {
        const auto lease = one.db.checkout();  // and one whose consumer did not notice
        end(one.outside, id_of(*lease));
    }
    REQUIRE(text(one.db.checkout()->command("PING")) == "PONG");
    REQUIRE(one.db.stats().reset_failures == 2);
}

TEST_CASE("Redis: a transaction whose connection is lost before its EXEC fails, and is surely not done") {
    pool_of_one one;
    const auto failed = failure_in([&] {
        one.db.transaction([&](connection& c) {
            c.command("SET", "a", "1");
            const auto all = text(one.outside.command("CLIENT", "LIST", "TYPE", "NORMAL"));
            const auto in_transaction = all.find(" multi=1");
            REQUIRE(in_transaction != all.npos);
            const auto line = all.rfind("id=", in_transaction);
            end(one.outside, std::stoll(all.substr(line + 3)));
        });
    });
    REQUIRE(failed.what == kind::connection_lost);
    REQUIRE(number(one.outside.command("EXISTS", "a")) == 0);
    REQUIRE_NOTHROW(one.db.transaction([](connection& c) { c.command("SET", "a", "2"); }));
}

TEST_CASE("Redis: a transaction whose server says nothing to its EXEC fails, its outcome unknown") {
    pool_of_one one{{.exec_timeout = long_enough}};
    failing failed{};
    const auto took = time_of([&] {
        auto open = one.db.begin();
        open->command("SET", "a", "1");
        const frozen meanwhile{server::shared()};
        failed = failure_in([&] { open.commit(); });
    });
    REQUIRE(took < hang);
    REQUIRE(failed.what == kind::outcome_unknown);
    REQUIRE(one.db.stats().destroyed == 1);
    REQUIRE(text(one.db.checkout()->command("PING")) == "PONG");
}

TEST_CASE("Redis: what a server says too late is not the next consumer's") {
    pool_of_one one{{.reset = reset_mode::nothing, .command_timeout = 20ms}};
    one.outside.command("SET", "a", "late");
    {
        auto lease = one.db.checkout();
        const frozen meanwhile{server::shared()};
        REQUIRE(failure_in([&] { lease->command("GET", "a"); }).what == kind::connection_lost);
        lease.checkin();  // while nothing can be seen of what will be said
    }
    REQUIRE(one.db.stats().reset_failures == 1);
    pool_of_one{};  // the server has said all that it had to say
    REQUIRE(text(one.db.checkout()->command("PING")) == "PONG");
}

TEST_CASE("Redis: a server that hangs keeps no consumer past its deadline") {
    auto& server = server::shared();
    const auto quick = server.by_socket({.connect_timeout = 1s,
                                         .health_timeout = long_enough,
                                         .reply_timeout = long_enough,
                                         .exec_timeout = long_enough,
                                         .command_timeout = long_enough});
    check_that_no_call_of_the_pool_hangs(factory{quick}, server);
    SECTION("in the begin") {
        db_pool db{factory{quick}, {.size = 1, .check_after_idle = -1ns}};
        const frozen meanwhile{server};
        REQUIRE(time_of([&] { REQUIRE(failure_in([&] { (void)db.begin(); }).what == kind::connection_lost); }) < hang);
    }
    SECTION("in a command of his own") {
        db_pool db{factory{quick}, {.size = 1}};
        auto lease = db.checkout();
        const frozen meanwhile{server};
        REQUIRE(time_of([&] { REQUIRE_THROWS_AS(lease->command("PING"), error); }) < hang);
    }
    SECTION("in the reset after more was sent than the server takes") {
        db_pool db{factory{quick}, {.size = 1}};
        auto lease = db.checkout();
        const frozen meanwhile{server};
        const std::string much(std::size_t{1} << 20U, 'x');
        REQUIRE_THROWS_AS(lease->command("SET", "a", much), error);
        REQUIRE(time_of([&] { lease.checkin(); }) < hang);
        REQUIRE(db.stats().reset_failures == 1);
    }
    db_pool db{factory{server.by_socket()}, {.size = 1}};  // nothing but the hanging was wrong
    REQUIRE(text(db.checkout()->command("PING")) == "PONG");
}

TEST_CASE("Redis: leases that a killed server left behind are replaced") {
    auto& server = server::shared();
    check_that_lost_leases_are_replaced(factory{server.by_tcp()}, server, [](connection& c) { c.command("PING"); });
}
