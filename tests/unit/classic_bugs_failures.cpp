// SPDX-License-Identifier: MIT

// Bugs that other pools have shipped, by the numbers of the project's list of them: those in which something failed and
// the pool did not take it well.
#include <array>
#include <atomic>
#include <chrono>
#include <latch>
#include <semaphore>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <pooly/pooly.hpp>

#include "support/catch.hpp"
#include "support/check_places.hpp"
#include "support/code_of.hpp"
#include "support/manual_clock.hpp"
#include "support/unsupervised.hpp"
#include "support/waiting.hpp"
#include "support/worker.hpp"

namespace {

using namespace std::chrono_literals;
using pooly::errc;
using pooly::pool_options;
using pooly::start_mode;
using pooly::test::backend;
using pooly::test::check_places;
using pooly::test::code_of;
using pooly::test::elsewhere;
using pooly::test::manual_clock;
using pooly::test::unsupervised;
using pooly::test::wait_for_waiters;
using pooly::test::wait_until;
using pooly::test::worker;

using worker_pool = pooly::pool<worker>;

}  // namespace

TEST_CASE("classic bug 1: a factory that throws costs no place") {
    backend at;
    worker_pool db{[&] { return worker{at}; }, unsupervised({.size = 2, .max_overflow = 1, .start = start_mode::lazy})};
    SECTION("at a check-out") {
        at.down = true;
        for (int i = 0; i < 7; ++i) {
            auto none = db.try_checkout();
            CHECK(none.error() == errc::create_failed);
            CHECK(none.cause() != nullptr);
            CHECK(code_of([&] { (void)db.checkout(); }) == errc::create_failed);
        }
    }
    SECTION("ahead of demand") {
        at.down = true;
        for (int i = 0; i < 7; ++i) CHECK_THROWS_AS(db.prewarm(), std::runtime_error);
    }
    SECTION("after a restart") {
        CHECK(db.prewarm() == 2);
        at.down = true;
        for (int i = 0; i < 3; ++i) {
            if (i == 0)
                CHECK_THROWS_AS(db.restart(), std::runtime_error);
            else
                CHECK_NOTHROW(db.restart());  // nothing idle is left to be replaced
        }
    }
    SECTION("when a broken worker is replaced") {
        for (int i = 0; i < 7; ++i) {
            at.down = false;
            auto one = db.checkout();
            at.down = true;
            one.discard();
        }
    }
    CHECK(db.status().live == 0);
    at.down = false;
    check_places(db, 3);
}

TEST_CASE("classic bug 1: an overflow worker that cannot be made costs no place") {
    backend at;
    worker_pool db{[&] { return worker{at}; }, unsupervised({.size = 1, .max_overflow = 2})};
    auto one = db.checkout();
    at.down = true;
    for (int i = 0; i < 5; ++i) CHECK(db.try_checkout().error() == errc::create_failed);
    at.down = false;
    one.checkin();
    check_places(db, 3);
}

TEST_CASE("classic bug 2: a waiter goes on when the worker that it waits for is no more") {
    backend at;
    pooly::worker_hooks<worker> hooks;
    hooks.reset = [](worker& one) {
        if (one.dirty) throw std::runtime_error{"cannot be cleaned"};
    };
    worker_pool db{[&] { return worker{at}; }, unsupervised({.size = 1}), hooks};
    auto held = db.checkout();
    auto waiter = elsewhere([&] { return db.checkout_for(1h)->number(); });
    wait_for_waiters(db);
    SECTION("because it was discarded") { held.discard(); }
    SECTION("because its reset threw") {
        held->dirty = true;
        held.checkin();
    }
    SECTION("because it is of an earlier generation") {
        db.restart();
        held.checkin();
    }
    CHECK(waiter.get() == 2);
    CHECK(at.alive == 1);
    check_places(db, 1);
}

TEST_CASE("classic bug 2: a waiter goes on when the worker that it waits for was detached") {
    std::atomic<int> made{0};
    pooly::pool db{[&] { return ++made; }, {.size = 1}};
    auto held = db.checkout();
    auto waiter = elsewhere([&] { return *db.checkout_for(1h); });
    wait_for_waiters(db);
    CHECK(held.detach() == 1);
    CHECK(waiter.get() == 2);
    check_places(db, 1);
}

TEST_CASE("classic bug 2: a waiter makes the worker that another failed to make") {
    std::atomic<int> calls{0};
    std::binary_semaphore at_work{0};
    std::binary_semaphore give_up{0};
    pooly::pool db{[&] {
                       if (++calls > 1) return 2;
                       at_work.release();
                       give_up.acquire();
                       throw std::runtime_error{"no"};
                   },
                   unsupervised({.size = 1, .start = start_mode::lazy})};
    auto first = elsewhere([&] { return db.try_checkout().error(); });
    at_work.acquire();
    auto second = elsewhere([&] { return *db.checkout_for(1h); });
    wait_for_waiters(db);
    give_up.release();
    CHECK(first.get() == errc::create_failed);
    CHECK(second.get() == 2);
    check_places(db, 1);
}

TEST_CASE("classic bug 2: a waiter goes on when another finds the only worker dead and cannot make one") {
    backend at;
    std::binary_semaphore asked{0};
    std::binary_semaphore answer{0};
    pooly::worker_hooks<worker> hooks;
    hooks.healthy = [&](worker& one) {
        if (one.number() > 1) return true;
        asked.release();
        answer.acquire();
        return false;
    };
    std::atomic<int> attempts{0};
    worker_pool db{[&] {
                       if (++attempts == 2) throw std::runtime_error{"no"};
                       return worker{at};
                   },
                   unsupervised({.size = 1, .timing = pooly::timing_mode::precise, .check_after_idle = 0ns}), hooks};
    auto first = elsewhere([&] { return db.try_checkout().error(); });
    asked.acquire();
    auto second = elsewhere([&] { return db.checkout_for(1h)->number(); });
    wait_for_waiters(db);
    answer.release();
    CHECK(first.get() == errc::create_failed);
    CHECK(second.get() == 2);
    check_places(db, 1);
}

TEST_CASE("classic bug 13: after a restart of the backend every check-out is good") {
    backend at;
    std::atomic<int> epoch{1};  // of the backend; a worker connected in an earlier one is dead
    struct connection {
        int epoch;
        worker counted;
    };
    pooly::worker_hooks<connection> hooks;
    hooks.healthy = [&](connection& one) { return one.epoch == epoch; };
    pooly::pool<connection> db{[&] {
                                   return connection{epoch, worker{at}};
                               },
                               unsupervised({.size = 4, .check_after_idle = 0ns}), hooks};
    check_places(db, 4);
    epoch = 2;
    SECTION("while it is up") {
        for (int round = 0; round < 3; ++round) {
            std::vector<pooly::lease<connection>> out;
            for (int i = 0; i < 4; ++i) {
                out.push_back(db.checkout());
                CHECK(out.back()->epoch == 2);
            }
        }
        CHECK(db.stats().unhealthy == 4);
        CHECK(db.stats().created == 8);
    }
    SECTION("also if it was away for a while") {
        at.down = true;
        for (int i = 0; i < 8; ++i) CHECK(db.try_checkout().error() == errc::create_failed);
        at.down = false;
        for (int i = 0; i < 8; ++i) CHECK(db.checkout()->epoch == 2);
    }
    SECTION("also if the one who asks throws") {
        // healthy says no by an exception: as good as dead
        hooks.healthy = [](connection&) -> bool { throw std::runtime_error{"broken pipe"}; };
        pooly::pool<connection> other{[&] {
                                          return connection{epoch, worker{at}};
                                      },
                                      unsupervised({.size = 1, .check_after_idle = 0ns}), hooks};
        for (int i = 1; i < 5; ++i) CHECK(other.checkout().info().uses == 1);
        CHECK(other.stats().unhealthy == 4);
    }
    check_places(db, 4);
    CHECK(at.alive == 4);
}

TEST_CASE("classic bug 13: a worker that died as soon as it was made is not lent") {
    backend at;
    pooly::worker_hooks<worker> hooks;
    hooks.healthy = [](worker& one) { return one.number() > 1; };
    const auto timing = GENERATE(pooly::timing_mode::coarse, pooly::timing_mode::precise);
    worker_pool db{[&] { return worker{at}; }, {.size = 1, .timing = timing, .check_after_idle = 0ns}, hooks};
    CHECK(db.checkout()->number() == 2);
}

TEST_CASE("classic bug 14: a reset that throws costs the worker, not the place") {
    backend at;
    pooly::worker_hooks<worker> hooks;
    hooks.reset = [](worker& one) {
        if (one.dirty) throw std::runtime_error{"cannot be cleaned"};
    };
    worker_pool db{[&] { return worker{at}; }, {.size = 1, .max_overflow = 1}, hooks};
    for (int i = 1; i < 5; ++i) {
        auto one = db.checkout();
        CHECK(one->number() == i);
        one->dirty = true;
        CHECK_NOTHROW(one.checkin());
        CHECK(at.alive == 0);
    }
    CHECK(db.stats().reset_failures == 4);
    check_places(db, 2);
    SECTION("in the midst of unwinding, too") {
        try {
            auto one = db.checkout();
            one->dirty = true;
            throw std::logic_error{"the user's"};
        } catch (const std::logic_error& e) {
            CHECK(std::string{e.what()} == "the user's");
        }
        check_places(db, 2);
    }
}

TEST_CASE("classic bug 14: a rollback that throws costs the worker, not the place") {
    backend at;
    pooly::worker_hooks<worker> hooks;
    hooks.rollback = [](worker&) { throw std::runtime_error{"connection lost"}; };
    worker_pool db{[&] { return worker{at}; }, {.size = 1}, hooks};
    {
        auto left_open = db.begin();
        CHECK(left_open->number() == 1);
    }
    CHECK_THROWS_AS(db.transaction([](worker&) { throw std::logic_error{"the user's"}; }), std::logic_error);
    auto open = db.begin();
    CHECK(open->number() == 3);
    auto waiter = elsewhere([&] { return db.checkout_for(1h)->number(); });
    wait_for_waiters(db);
    CHECK_THROWS_AS(open.rollback(), std::runtime_error);
    CHECK(waiter.get() == 4);
    CHECK(db.stats().discarded == 3);
    CHECK(at.alive == 1);
    check_places(db, 1);
}

TEST_CASE("classic bug 15: nothing but commit commits, and a begin that fails keeps no worker") {
    struct log {
        int begun = 0;
        int committed = 0;
        int rolled_back = 0;
        bool operator==(const log&) const = default;
    };
    log seen;
    bool begin_fails = false;
    bool commit_fails = false;
    backend at;
    pooly::worker_hooks<worker> hooks;
    hooks.begin = [&](worker&) {
        if (begin_fails) throw std::runtime_error{"no begin"};
        ++seen.begun;
    };
    hooks.commit = [&](worker&) {
        if (commit_fails) throw std::runtime_error{"no commit"};
        ++seen.committed;
    };
    hooks.rollback = [&](worker&) { ++seen.rolled_back; };
    worker_pool db{[&] { return worker{at}; }, {.size = 1}, hooks};

    SECTION("a guard that just ends rolls back") {
        { auto open = db.begin(); }
        CHECK(seen == log{1, 0, 1});
    }
    SECTION("a guard that is unwound rolls back") {
        CHECK_THROWS_AS(
            [&] {
                auto open = db.begin();
                throw std::logic_error{"the user's"};
            }(),
            std::logic_error);
        CHECK(seen == log{1, 0, 1});
    }
    SECTION("a function that throws is rolled back") {
        CHECK_THROWS_AS(db.transaction([](worker&) -> int { throw std::logic_error{"the user's"}; }), std::logic_error);
        CHECK(seen == log{1, 0, 1});
    }
    SECTION("a function that returns is committed") {
        CHECK(db.transaction([](worker& one) { return one.number(); }) == 1);
        CHECK(seen == log{1, 1, 0});
    }
    SECTION("a commit that throws is rolled back") {
        commit_fails = true;
        CHECK_THROWS_AS(db.transaction([](worker&) {}), std::runtime_error);
        CHECK(seen == log{1, 0, 1});
    }
    SECTION("a begin that throws is neither") {
        begin_fails = true;
        CHECK_THROWS_AS(db.begin(), std::runtime_error);
        CHECK_THROWS_AS(db.begin_for(1h), std::runtime_error);
        CHECK_THROWS_AS(db.transaction([](worker&) {}), std::runtime_error);
        CHECK(seen == log{});
    }
    CHECK(db.status().idle == 1);
    CHECK(at.made == 1);
    check_places(db, 1);
}

TEST_CASE("classic bug 16: a transaction left open does not go to the next consumer") {
    backend at;
    pooly::worker_hooks<worker> hooks;
    hooks.reset = [](worker& one) { one.dirty = false; };
    const auto order = GENERATE(pooly::idle_order::affine, pooly::idle_order::lifo, pooly::idle_order::fifo);
    worker_pool db{[&] { return worker{at}; }, {.size = 1, .order = order}, hooks};
    const auto leave_dirty = [&](pooly::lease<worker> one) { one->dirty = true; };
    SECTION("who comes later") {
        leave_dirty(db.checkout());
        CHECK_FALSE(db.checkout()->dirty);
    }
    SECTION("who waits for it") {
        auto held = db.checkout();
        auto waiter = elsewhere([&] { return db.checkout_for(1h)->dirty; });
        wait_for_waiters(db);
        leave_dirty(std::move(held));
        CHECK_FALSE(waiter.get());
    }
    SECTION("after a consumer that was unwound") {
        CHECK_THROWS_AS(db.transaction([](worker& one) {
            one.dirty = true;
            throw std::logic_error{"the user's"};
        }),
                        std::logic_error);
        CHECK_FALSE(db.checkout()->dirty);
    }
    CHECK(at.made == 1);
}

TEST_CASE("classic bug 17: no mix of failures makes the accounting drift") {
    backend at;
    pooly::worker_hooks<worker> hooks;
    hooks.healthy = [](worker& one) { return !one.dead; };
    hooks.reset = [](worker& one) {
        if (one.dirty) throw std::runtime_error{"cannot be cleaned"};
    };
    hooks.begin = [](worker& one) {
        if (one.number() % 3 == 0) throw std::runtime_error{"no begin"};
    };
    hooks.rollback = [](worker& one) {
        if (one.number() % 2 == 0) throw std::runtime_error{"no rollback"};
    };
    hooks.retire = [](worker& one) {
        if (one.number() % 5 == 0) throw std::runtime_error{"no retire"};
    };
    const auto order = GENERATE(pooly::idle_order::affine, pooly::idle_order::lifo, pooly::idle_order::fifo);
    const auto fairness = GENERATE(pooly::fairness_policy::strict_fifo, pooly::fairness_policy::bounded_barging);
    worker_pool db{
        [&] { return worker{at}; },
        unsupervised({.size = 3, .max_overflow = 2, .order = order, .fairness = fairness, .check_after_idle = 0ns}),
        hooks};
    std::vector<pooly::lease<worker>> out;
    int wrong = 0;
    for (unsigned step = 0, state = 1; step < 2000; ++step) {
        state = state * 1664525U + 1013904223U;
        at.down = (state >> 28U) == 0;
        const auto pick = out.empty() ? 0U : (state >> 8U) % static_cast<unsigned>(out.size());
        switch ((state >> 20U) % 12U) {
            case 0:
            case 1:
            case 2:
            case 3:
                if (auto one = db.try_checkout()) out.push_back(std::move(one).value());
                break;
            case 4: (void)db.try_checkout_for(-1s); break;
            case 5:
                if (!out.empty()) out[pick]->dirty = true;
                break;
            case 6:
                if (!out.empty()) out[pick]->dead = true;
                break;
            case 7:
                if (!out.empty()) out[pick].discard(), out.erase(out.begin() + static_cast<std::ptrdiff_t>(pick));
                break;
            case 8: try { db.transaction([](worker&) { throw std::logic_error{"the user's"}; }, 0s);
                } catch (const std::exception&) {
                }
                break;
            case 9: try { db.restart();
                } catch (const std::runtime_error&) {
                }
                break;
            default:
                if (!out.empty()) out.erase(out.begin() + static_cast<std::ptrdiff_t>(pick));
                break;
        }
        const auto seen = db.status();
        const bool adds_up = seen.idle + seen.in_use == seen.live && seen.in_use == out.size() && seen.live <= 5 &&
                             seen.live == static_cast<std::size_t>(at.alive) && seen.waiting == 0 &&
                             seen.overflow == (seen.live > 3 ? seen.live - 3 : 0) &&
                             (seen.overflow == 0 || seen.idle == 0);  // rule 8
        if (!adds_up) ++wrong;
    }
    CHECK(wrong == 0);
    const auto counted = db.stats();
    CHECK(counted.created == static_cast<std::uint64_t>(at.made));
    CHECK(counted.create_failures == static_cast<std::uint64_t>(at.refused));
    CHECK(counted.created - counted.destroyed == static_cast<std::uint64_t>(at.alive));
    at.down = false;
    out.clear();
    check_places(db, 5);
}

TEST_CASE("classic bug 22: a worker that is made too late for its asker is not lost") {
    std::atomic<int> made{0};
    std::binary_semaphore at_work{0};
    std::binary_semaphore go_on{0};
    pooly::pool<int, manual_clock> db{[&] {
                                          at_work.release();
                                          go_on.acquire();
                                          return ++made;
                                      },
                                      {.size = 1, .start = start_mode::lazy}};
    std::stop_source stop;
    const bool by_deadline = GENERATE(true, false);
    auto first = elsewhere([&] {
        return by_deadline ? db.try_checkout_for(1s).error() : db.try_checkout_for(1h, stop.get_token()).error();
    });
    at_work.acquire();
    const auto give_up = [&] {
        if (by_deadline)
            manual_clock::advance(2s);
        else
            stop.request_stop();
    };
    const auto expected = by_deadline ? errc::timeout : errc::cancelled;
    SECTION("it goes to idle") {
        give_up();
        go_on.release();
        CHECK(first.get() == expected);
        const auto seen = db.status();
        CHECK(seen.idle == 1);
        CHECK(seen.live == 1);
    }
    SECTION("it goes to one who waits") {
        auto second = elsewhere([&] { return *db.checkout_for(1h); });
        wait_for_waiters(db);
        give_up();
        go_on.release();
        CHECK(first.get() == expected);
        CHECK(second.get() == 1);
    }
    SECTION("it goes away with a closed pool") {
        db.close();
        go_on.release();
        CHECK(first.get() == errc::closed);
        CHECK(db.status().live == 0);
        CHECK(made == 1);
        return;
    }
    CHECK(made == 1);
    CHECK(db.checkout_for(1h).info().id == 1);
    check_places(db, 1);
}

TEST_CASE("classic bug 23: every failure is empty or throws") {
    backend at;
    worker_pool db{[&] { return worker{at}; }, unsupervised({.size = 1, .start = start_mode::lazy, .max_waiters = 0})};
    std::stop_source stopped;
    stopped.request_stop();
    pooly::lease<worker> held;
    // How the pool is brought to fail, and what it says then: without waiting, waiting, and asked to stop.
    const auto check = [&](errc at_once, errc waiting, errc asked_to_stop) {
        const auto is_empty = [](pooly::checkout_result<worker> result, errc code) {
            CHECK_FALSE(result);
            CHECK_FALSE(result.has_value());
            CHECK(result.error() == code);
            CHECK(code_of([&] { (void)std::move(result).value(); }) == code);
        };
        const auto never_waits = at_once == errc::full ? errc::timeout : at_once;
        is_empty(db.try_checkout(), at_once);
        is_empty(db.try_checkout_for(0s), never_waits);
        is_empty(db.try_checkout_until(worker_pool::time_point::min()), never_waits);
        is_empty(db.try_checkout_for(1ns), waiting);
        is_empty(db.try_checkout_for(1h, stopped.get_token()), asked_to_stop);
        is_empty(db.try_checkout_until(worker_pool::clock::now() + 1h, stopped.get_token()), asked_to_stop);
        CHECK(code_of([&] { (void)db.checkout_for(0s); }) == never_waits);
        CHECK(code_of([&] { (void)db.checkout_until(worker_pool::time_point::min()); }) == never_waits);
        CHECK(code_of([&] { (void)db.checkout(stopped.get_token()); }) == asked_to_stop);
        CHECK(code_of([&] { (void)db.begin_for(0s); }) == never_waits);
        CHECK(code_of([&] { db.transaction([](worker&) {}, 0s); }) == never_waits);
    };
    SECTION("a factory that throws") {
        at.down = true;
        auto none = db.try_checkout();
        CHECK_FALSE(none);
        CHECK(none.error() == errc::create_failed);
        CHECK_THROWS_AS(std::rethrow_exception(none.cause()), std::runtime_error);
        CHECK(code_of([&] { (void)std::move(none).value(); }) == errc::create_failed);
        CHECK(code_of([&] { (void)db.checkout(); }) == errc::create_failed);
        CHECK(code_of([&] { (void)db.begin(); }) == errc::create_failed);
    }
    SECTION("none is free") {
        held = db.checkout();
        check(errc::full, errc::overloaded, errc::overloaded);
    }
    SECTION("a closed pool") {
        db.close();
        check(errc::closed, errc::closed, errc::closed);
    }
    SECTION("a suspended pool") {
        db.suspend();
        check(errc::suspended, errc::overloaded, errc::overloaded);
    }
}

TEST_CASE("classic bug 23: what was moved out of a result leaves it empty") {
    backend at;
    worker_pool db{[&] { return worker{at}; }, {.size = 1}};
    auto result = db.try_checkout();
    REQUIRE(result);
    CHECK_FALSE(result.error());
    auto held = std::move(result).value();
    CHECK(held->number() == 1);
    CHECK_FALSE(result);                                                  // NOLINT: what is left is the question
    CHECK_THROWS_AS((void)std::move(result).value(), pooly::pool_error);  // NOLINT
}
