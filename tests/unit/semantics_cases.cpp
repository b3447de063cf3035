// SPDX-License-Identifier: MIT
// Sixteen stories about a pool, most of them those that poolboy's own tests tell, under every policy that may not
// matter to them.
#include <chrono>
#include <stdexcept>
#include <utility>
#include <vector>

#include <pooly/pooly.hpp>

#include "support/catch.hpp"
#include "support/counted_pool.hpp"
#include "support/queued_consumer.hpp"
#include "support/waiting.hpp"

using namespace std::chrono_literals;
using namespace pooly::test;
using pooly::errc;
using pooly::fairness_policy;
using pooly::idle_order;
using pooly::pool_state;

namespace {

using consumer = queued_consumer<worker>;

}  // namespace

TEST_CASE("case 1: a fresh pool of (10,5) has 10 idle, and one less for each that is taken") {
    POOLY_TEST_UNDER_EVERY_POLICY(by);
    counted_pool pool{10, 5, by};
    CHECK(look(pool.db) == counts{.idle = 10});

    auto first = pool.db.checkout();
    CHECK(look(pool.db) == counts{.idle = 9, .in_use = 1});
    auto second = pool.db.checkout();
    CHECK(look(pool.db) == counts{.idle = 8, .in_use = 2});
    first.checkin();
    CHECK(look(pool.db) == counts{.idle = 9, .in_use = 1});
}

TEST_CASE("case 2: of 7 workers of (5,5) the first two that return are dismissed, the others become idle") {
    POOLY_TEST_UNDER_EVERY_POLICY(by);
    counted_pool pool{5, 5, by};
    auto taken = take(pool.db, 7);
    CHECK(look(pool.db) == counts{.in_use = 7});

    give_back(taken, 2);
    CHECK(look(pool.db) == counts{.in_use = 5});
    CHECK(pool.at.alive == 5);
    give_back(taken, 2);
    CHECK(look(pool.db) == counts{.idle = 2, .in_use = 3});
    give_back(taken, 2);
    CHECK(look(pool.db) == counts{.idle = 4, .in_use = 1});
    give_back(taken, 1);
    CHECK(look(pool.db) == counts{.idle = 5});
    CHECK(pool.db.stats().dismissed == 2);
}

TEST_CASE("case 3: an overflow worker of (5,2) goes to the one who waits, the next that returns is dismissed") {
    POOLY_TEST_UNDER_EVERY_POLICY(by);
    counted_pool pool{5, 2, by};
    auto taken = take(pool.db, 7);
    consumer eighth{pool.db};
    CHECK(look(pool.db) == counts{.in_use = 7, .waiting = 1});

    give_back(taken, 2);
    auto its = eighth.worker();
    REQUIRE(its);
    CHECK(look(pool.db) == counts{.in_use = 6});
    CHECK(pool.at.made == 7);
    give_back(taken, 1);
    CHECK(look(pool.db) == counts{.in_use = 5});
    give_back(taken, 2);
    CHECK(look(pool.db) == counts{.idle = 2, .in_use = 3});
    give_back(taken, 2);
    CHECK(look(pool.db) == counts{.idle = 4, .in_use = 1});
    its.checkin();
    CHECK(look(pool.db) == counts{.idle = 5});
}

TEST_CASE("case 4: a pool of (5,0) serves a sixth consumer with the first worker to return, and never makes a sixth") {
    POOLY_TEST_UNDER_EVERY_POLICY(by);
    counted_pool pool{5, 0, by};
    auto taken = take(pool.db, 5);
    consumer sixth{pool.db};
    CHECK(look(pool.db) == counts{.in_use = 5, .waiting = 1});

    const int returned = taken.front()->number();
    give_back(taken, 1);
    auto its = sixth.worker();
    CHECK(its->number() == returned);
    CHECK(look(pool.db) == counts{.in_use = 5});
    give_back(taken, 4);
    its.checkin();
    CHECK(look(pool.db) == counts{.idle = 5});
    CHECK(pool.at.made == 5);
}

TEST_CASE("case 5: a busy worker of (5,2) that dies is replaced, but not while there is overflow") {
    POOLY_TEST_UNDER_EVERY_POLICY(by);
    counted_pool pool{5, 2, by};
    pool.db.checkout().discard();
    CHECK(look(pool.db) == counts{.idle = 5});
    CHECK(pool.at.alive == 5);

    auto taken = take(pool.db, 7);
    kill_one(taken);
    CHECK(look(pool.db) == counts{.in_use = 6});
    kill_one(taken);
    CHECK(look(pool.db) == counts{.in_use = 5});
    kill_one(taken);
    CHECK(look(pool.db) == counts{.idle = 1, .in_use = 4});
    CHECK(pool.at.alive == 5);
}

TEST_CASE(
    "case 6: when a busy worker of a full (5,2) dies the one who waits gets a new one; with nobody waiting it is not "
    "replaced") {
    POOLY_TEST_UNDER_EVERY_POLICY(by);
    counted_pool pool{5, 2, by};
    auto taken = take(pool.db, 7);
    consumer waiter{pool.db};

    kill_one(taken);
    const auto its = waiter.worker();
    CHECK(its->number() == 8);
    CHECK(look(pool.db) == counts{.in_use = 7});
    kill_one(taken);
    CHECK(look(pool.db) == counts{.in_use = 6});
    CHECK(pool.at.made == 8);
}

TEST_CASE(
    "case 7: when a busy worker of a full (5,0) dies the one who waits gets a new one; with nobody waiting it is "
    "replaced") {
    POOLY_TEST_UNDER_EVERY_POLICY(by);
    counted_pool pool{5, 0, by};
    auto taken = take(pool.db, 5);
    consumer waiter{pool.db};

    kill_one(taken);
    const auto its = waiter.worker();
    CHECK(its->number() == 6);
    CHECK(look(pool.db) == counts{.in_use = 5});
    kill_one(taken);
    CHECK(look(pool.db) == counts{.idle = 1, .in_use = 4});
    kill_one(taken);
    CHECK(look(pool.db) == counts{.idle = 2, .in_use = 3});
}

TEST_CASE("case 8: those who do not wait find (5,0) full, and then get the one worker that has returned") {
    POOLY_TEST_UNDER_EVERY_POLICY(by);
    counted_pool pool{5, 0, by};
    auto taken = take(pool.db, 5);
    for (int attempt = 0; attempt < 2; ++attempt) {
        const auto refused = pool.db.try_checkout();
        REQUIRE_FALSE(refused);
        CHECK(refused.error() == errc::full);
    }

    const int returned = taken.front()->number();
    give_back(taken, 1);
    CHECK(pool.db.checkout()->number() == returned);
}

TEST_CASE("case 9: a full (5,5) destroys the worker that returns, and makes another for one who does not wait") {
    POOLY_TEST_UNDER_EVERY_POLICY(by);
    counted_pool pool{5, 5, by};
    auto taken = take(pool.db, 10);
    CHECK(pool.db.try_checkout().error() == errc::full);

    give_back(taken, 1);
    CHECK(pool.at.alive == 9);
    CHECK(look(pool.db) == counts{.in_use = 9});
    const auto again = pool.db.try_checkout();
    REQUIRE(again);
    CHECK(again->number() == 11);
    CHECK(pool.db.try_checkout().error() == errc::full);
}

TEST_CASE("case 10: a consumer that dies holding a worker of (5,5) gives it back") {
    POOLY_TEST_UNDER_EVERY_POLICY(by);
    counted_pool pool{5, 5, by};
    on_another_thread([&] {
        try {
            const auto held = pool.db.checkout();
            throw std::runtime_error{"the consumer dies"};
        } catch (const std::runtime_error&) {
        }
    });
    CHECK(look(pool.db) == counts{.idle = 5});
    CHECK(pool.at.made == 5);
    CHECK(pool.at.alive == 5);
}

TEST_CASE("case 11: a transaction of (2,0) that throws gives its worker back, and the exception arrives unchanged") {
    POOLY_TEST_UNDER_EVERY_POLICY(by);
    counted_pool pool{2, 0, by};
    CHECK(look(pool.db) == counts{.idle = 2});
    counts inside;
    CHECK_THROWS_MATCHES(pool.db.transaction([&](worker&) {
        inside = look(pool.db);
        throw std::domain_error{"half way"};
    }),
                         std::domain_error, Catch::Matchers::Message("half way"));
    CHECK(inside == counts{.idle = 1, .in_use = 1});
    CHECK(look(pool.db) == counts{.idle = 2});
    CHECK(pool.at.made == 2);
}

TEST_CASE("case 12: a pool is ready, then in overflow, then full") {
    POOLY_TEST_UNDER_EVERY_POLICY(by);
    struct course {
        std::size_t size, max_overflow;
        std::vector<pool_state> states;  // with none out, one out, two out
    };
    const std::vector<course> courses{
        {2, 0, {pool_state::ready, pool_state::ready, pool_state::full}},
        {1, 1, {pool_state::ready, pool_state::overflow, pool_state::full}},
        {0, 2, {pool_state::overflow, pool_state::overflow, pool_state::full}},
        {0, 0, {pool_state::full}},
    };
    for (const auto& one : courses) {
        CAPTURE(one.size, one.max_overflow);
        counted_pool pool{one.size, one.max_overflow, by};
        std::vector<pooly::lease<worker>> taken;
        for (std::size_t out = 0; out < one.states.size(); ++out) {
            if (out > 0) taken.push_back(pool.db.checkout());
            CAPTURE(out);
            CHECK(pool.db.status().state == one.states[out]);
        }
        CHECK(pool.db.try_checkout().error() == errc::full);
        for (std::size_t out = one.states.size(); out-- > 0;) {  // and back again
            CAPTURE(out);
            CHECK(pool.db.status().state == one.states[out]);
            if (out > 0) give_back(taken, 1);
        }
    }
}

TEST_CASE("case 13: a waiter of (1,0) whose time is up is forgotten: the worker that returns later becomes idle") {
    POOLY_TEST_UNDER_EVERY_POLICY(by);
    counted_pool pool{1, 0, by};
    auto held = pool.db.checkout();
    const auto late = on_another_thread([&] { return pool.db.try_checkout_for(1ms).error(); });
    CHECK(late == errc::timeout);
    CHECK(look(pool.db) == counts{.in_use = 1});

    held.checkin();
    CHECK(look(pool.db) == counts{.idle = 1});
    const auto next = pool.db.try_checkout();
    REQUIRE(next);
    CHECK(pool.db.try_checkout().error() == errc::full);
}

TEST_CASE("case 14: a transaction with timeout 0 on an exhausted (1,0) times out and leaves the pool as it was") {
    POOLY_TEST_UNDER_EVERY_POLICY(by);
    counted_pool pool{1, 0, by};
    auto held = pool.db.checkout();
    bool ran = false;
    try {
        pool.db.transaction([&](worker&) { ran = true; }, 0ms);
        FAIL("there was no worker");
    } catch (const pooly::pool_error& error) {
        CHECK(error.code() == errc::timeout);
    }
    CHECK_FALSE(ran);
    CHECK(look(pool.db) == counts{.in_use = 1});
    held.checkin();
    CHECK(look(pool.db) == counts{.idle = 1});
}

TEST_CASE("case 15: lifo lends the last returned worker of (2,0), fifo the one that is idle longest") {
    const auto fairness = GENERATE(fairness_policy::strict_fifo, fairness_policy::bounded_barging);
    SECTION("lifo") {
        counted_pool pool{2, 0, {idle_order::lifo, fairness}};
        const int first = number_of_next(pool.db);
        CHECK(number_of_next(pool.db) == first);
        CHECK(number_of_next(pool.db) == first);
    }
    SECTION("fifo") {
        counted_pool pool{2, 0, {idle_order::fifo, fairness}};
        const int first = number_of_next(pool.db);
        const int other = number_of_next(pool.db);
        CHECK(other != first);
        CHECK(number_of_next(pool.db) == first);
        CHECK(number_of_next(pool.db) == other);
    }
}

TEST_CASE("case 16: one who holds the only worker of (1,0) and waits for a second is served when the held one dies") {
    POOLY_TEST_UNDER_EVERY_POLICY(by);
    counted_pool pool{1, 0, by};
    pooly::lease<worker> held;
    int second = 0;
    auto greedy = elsewhere([&] {
        held = pool.db.checkout();
        second = pool.db.checkout_for(1h)->number();
    });
    wait_for_waiters(pool.db);
    held.discard();
    greedy.get();
    CHECK(second == 2);
    CHECK(look(pool.db) == counts{.idle = 1});
}
