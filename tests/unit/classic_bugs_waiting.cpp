// SPDX-License-Identifier: MIT

// Bugs that other pools have shipped, by the numbers of the project's list of them: those of waiting. Those that need a
// race to be seen (3) or the very moment of being chosen (4) are in stress/lost_wakeup.cpp and unit/invariants.cpp.
#include <atomic>
#include <chrono>
#include <limits>
#include <memory>
#include <mutex>
#include <semaphore>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <pooly/pooly.hpp>

#include "support/catch.hpp"
#include "support/hooked_clock.hpp"
#include "support/manual_clock.hpp"
#include "support/waiting.hpp"

namespace {

using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using pooly::errc;
using pooly::fairness_policy;
using pooly::idle_order;
using pooly::start_mode;
using pooly::test::elsewhere;
using pooly::test::hooked_clock;
using pooly::test::manual_clock;
using pooly::test::wait_for_waiters;
using pooly::test::wait_until;

template <class Function>
[[nodiscard]] std::string text_of(Function&& function) {
    try {
        function();
    } catch (const pooly::pool_error& e) {
        return e.what();
    }
    return "nothing was thrown";
}

}  // namespace

TEST_CASE("classic bug 3: a worker that comes back between the look and the queue is not slept by") {
    const auto order = GENERATE(idle_order::affine, idle_order::lifo, idle_order::fifo);
    const auto fairness = GENERATE(fairness_policy::strict_fifo, fairness_policy::bounded_barging);
    pooly::pool<int, hooked_clock> db{[] { return 1; }, {.size = 1, .order = order, .fairness = fairness}};
    auto held = db.checkout();
    // The deadline is set by a look at the clock, once none was found idle.
    hooked_clock::on_this_thread = [&] { held.checkin(); };
    auto got = db.try_checkout_for(1h);  // nobody else would wake this thread
    hooked_clock::on_this_thread = {};
    CHECK_FALSE(held);
    CHECK(got);
}

TEST_CASE("classic bug 3: a worker that comes back before one who queues is announced is not slept by") {
    const auto fairness = GENERATE(fairness_policy::strict_fifo, fairness_policy::bounded_barging);
    pooly::pool<int, hooked_clock> db{[] { return 1; }, {.size = 1, .fairness = fairness}};
    auto held = db.checkout();
    // The first two looks set the deadline. The third tells since when it waits: under the lock, which this check-in
    // has no reason yet to take.
    const int when = GENERATE(1, 2, 3);
    int looks = 0;
    hooked_clock::on_this_thread = [&] {
        if (++looks == when) held.checkin();
    };
    auto got = db.try_checkout_for(1h);  // nobody else would wake this thread
    hooked_clock::on_this_thread = {};
    CHECK_FALSE(held);
    CHECK(got);
}

TEST_CASE("classic bug 3: a worker that comes back as the pool begins to index the idle ones is found") {
    // A check-in in its two steps: the worker is idle, and then looked after by whoever returned it.
    namespace detail = pooly::detail;
    detail::control_block* block = nullptr;
    {
        detail::control_handle next;  // in this block the pool will be
        block = &*next;
    }
    pooly::pool db{[] { return 1; }, {.size = 100}};
    REQUIRE(block->core != nullptr);
    detail::request ask;
    detail::slot* const place = block->core->acquire(ask).place;
    REQUIRE(place != nullptr);
    std::vector<pooly::lease<int>> others;
    for (int i = 0; i < 99; ++i) others.push_back(db.checkout());
    CHECK(db.try_checkout().error() == errc::full);  // many looked at in vain: from now on they are indexed
    place->word -= detail::come_home;
    SECTION("by one who asks later") {
        detail::look_after_return(*block, block->pool_id, *place);
        CHECK(db.try_checkout());
    }
    SECTION("by one who waits") {
        auto waiter = elsewhere([&] { return *db.checkout_for(1h); });
        wait_for_waiters(db);  // beside an idle worker, as the second step is yet to come
        detail::look_after_return(*block, block->pool_id, *place);
        CHECK(waiter.get() == 1);
    }
}

TEST_CASE("classic bug 5: a timeout is an instant, however often the waiter is woken") {
    // Barging: whoever waits is woken for each worker that comes back, and here a newcomer is always there first.
    const auto step = GENERATE(50us, 5'000us);
    pooly::pool<int, hooked_clock> db{
        [] { return 1; }, {.size = 1, .fairness = fairness_policy::bounded_barging, .barging_limit = 10 * step}};
    auto thief = db.checkout();
    std::atomic<int> looks{0};
    std::atomic<bool> stop_it{false};
    std::binary_semaphore looking{0};
    std::binary_semaphore robbed{0};
    auto waiter = elsewhere([&] {
        hooked_clock::on_this_thread = [&] {
            ++looks;
            if (!stop_it.exchange(false)) return;
            looking.release();
            robbed.acquire();
        };
        return db.try_checkout_for(8 * step).error();  // not so long that a hand-off would be forced
    });
    wait_for_waiters(db);
    // Seven times the waiter is woken for the worker, finds it gone, and is a step older.
    for (int times = 0; times < 7; ++times) {
        // By its eighth look it sleeps again, and looks at its deadline and nothing else.
        wait_until([&, until = looks + 8] { return looks >= until; });
        stop_it = true;
        looking.acquire();
        auto back = elsewhere([&] { thief.checkin(); });  // the waiter is told as soon as it sleeps
        wait_until([&] { return db.status().idle == 1; });
        auto stolen = db.checkout_for(0s);
        hooked_clock::advance(step);
        robbed.release();
        back.get();
        thief = std::move(stolen);
    }
    CHECK(db.status().waiting == 1);
    hooked_clock::advance(step);
    CHECK(waiter.get() == errc::timeout);
    CHECK(db.status().waiting == 0);
    thief.checkin();
    CHECK(db.status().idle == 1);
}

TEST_CASE("classic bug 5: zero and negative timeouts are one try, and the longest waits") {
    const auto fairness = GENERATE(fairness_policy::strict_fifo, fairness_policy::bounded_barging);
    pooly::pool db{[] { return 1; }, {.size = 1, .fairness = fairness}};
    using pool_type = decltype(db);
    using time_point = pool_type::time_point;
    SECTION("with an idle worker each succeeds") {
        CHECK(db.try_checkout_for(0s));
        CHECK(db.try_checkout_for(-1s));
        CHECK(db.try_checkout_for(std::chrono::nanoseconds::min()));
        CHECK(db.try_checkout_for(std::chrono::hours::min()));
        CHECK(db.try_checkout_for(std::chrono::hours::max()));
        CHECK(db.try_checkout_for(std::chrono::duration<double>{std::numeric_limits<double>::infinity()}));
        CHECK(db.try_checkout_until(time_point::min()));
        CHECK(db.try_checkout_until(time_point::max()));
    }
    SECTION("with none, those that do not wait say so at once") {
        auto held = db.checkout();
        CHECK(db.try_checkout_for(0s).error() == errc::timeout);
        CHECK(db.try_checkout_for(-1s).error() == errc::timeout);
        CHECK(db.try_checkout_for(std::chrono::nanoseconds::min()).error() == errc::timeout);
        CHECK(db.try_checkout_for(std::chrono::hours::min()).error() == errc::timeout);
        CHECK(db.try_checkout_for(std::chrono::duration<double>{-1e300}).error() == errc::timeout);
        CHECK(db.try_checkout_until(time_point::min()).error() == errc::timeout);
        CHECK(db.try_checkout_until(time_point{}).error() == errc::timeout);
        CHECK(db.status().waiting == 0);
    }
    SECTION("and the longest does not wrap round to the past") {
        auto held = db.checkout();
        auto first = elsewhere([&] { return *db.checkout_for(std::chrono::hours::max()); });
        wait_for_waiters(db, 1);
        auto second = elsewhere([&] { return *db.checkout_for(std::chrono::nanoseconds::max()); });
        wait_for_waiters(db, 2);
        auto third = elsewhere([&] { return *db.checkout_until(time_point::max()); });
        wait_for_waiters(db, 3);
        auto fourth = elsewhere([&] { return *db.checkout_for(std::chrono::nanoseconds::max() - 1ns); });
        wait_for_waiters(db, 4);
        held.checkin();
        CHECK(first.get() + second.get() + third.get() + fourth.get() == 4);
    }
}

TEST_CASE("classic bug 5: the longest timeout leaves the factory a deadline that has not passed") {
    std::chrono::steady_clock::time_point deadline;
    pooly::pool db{[&](const pooly::create_context& context) { return deadline = context.deadline, 1; },
                   {.size = 1, .checkout_timeout = std::chrono::nanoseconds::max() - 1ns}};
    const auto now = std::chrono::steady_clock::now();
    CHECK(deadline > now);
    db.checkout().discard();  // by which a replacement is made
    CHECK(db.stats().created == 2);
    CHECK(deadline > now);
    SECTION("also of a check-out") {
        db.close();
        pooly::pool lazy{[&](const pooly::create_context& context) { return deadline = context.deadline, 1; },
                         {.size = 1, .start = start_mode::lazy}};
        (void)lazy.checkout_for(std::chrono::nanoseconds::max() - 1ns);
        CHECK(deadline > now);
        lazy.checkout_for(std::chrono::nanoseconds::max()).discard();
        CHECK(deadline > now);
    }
}

TEST_CASE("classic bug 6: deadlines are on the pool's clock, and on no other") {
    static_assert(std::is_same_v<pooly::pool<int>::clock, std::chrono::steady_clock>);
    pooly::pool<int, hooked_clock> db{[] { return 1; }, {.size = 1}};
    auto held = db.checkout();
    std::atomic<int> looks{0};
    auto waiter = elsewhere([&] {
        hooked_clock::on_this_thread = [&] { ++looks; };
        return db.try_checkout_for(1h).error();
    });
    wait_for_waiters(db);
    const auto look_a_few_times = [&] { wait_until([&, until = looks + 8] { return looks >= until; }); };
    look_a_few_times();
    CHECK(db.status().waiting == 1);
    hooked_clock::advance(59min);
    look_a_few_times();
    CHECK(db.status().waiting == 1);
    hooked_clock::advance(1min);
    CHECK(waiter.get() == errc::timeout);
}

TEST_CASE("classic bug 7: a worker that comes back goes to who waits, not to who brought it") {
    const auto order = GENERATE(idle_order::affine, idle_order::lifo, idle_order::fifo);
    const auto timing = GENERATE(pooly::timing_mode::coarse, pooly::timing_mode::precise);
    pooly::pool db{[] { return 1; }, {.size = 1, .order = order, .timing = timing}};
    for (int round = 0; round < 20; ++round) {
        auto mine = db.checkout();
        std::binary_semaphore done{0};
        auto waiter = elsewhere([&] {
            auto got = db.checkout_for(1h);
            done.acquire();
            return *got;
        });
        wait_for_waiters(db);
        mine.checkin();
        auto again = db.try_checkout();
        CHECK(again.error() == errc::full);
        done.release();
        CHECK(waiter.get() == 1);
    }
}

TEST_CASE("classic bug 7: who waits is served in order of arrival") {
    const auto order = GENERATE(idle_order::affine, idle_order::lifo, idle_order::fifo);
    pooly::pool db{[] { return 1; }, {.size = 2, .order = order}};
    auto a = db.checkout();
    auto b = db.checkout();
    std::mutex mutex;
    std::vector<int> served;
    std::vector<std::future<void>> waiters;
    for (int i = 0; i < 6; ++i) {
        waiters.push_back(elsewhere([&, i] {
            // The wait is over in the order of arrival; that they note it in the same order needs the lease.
            auto got = db.checkout_for(1h);
            const std::lock_guard guard{mutex};
            served.push_back(i);
        }));
        wait_for_waiters(db, static_cast<std::size_t>(i) + 1);
    }
    a.checkin();  // one worker goes round: each hands it to the next
    for (auto& one : waiters) one.get();
    CHECK(served == std::vector<int>{0, 1, 2, 3, 4, 5});
}

TEST_CASE("classic bug 7: with barging, too, a worker is handed over to one who has waited long enough") {
    pooly::pool<int, manual_clock> db{[] { return 1; }, {.size = 1, .fairness = fairness_policy::bounded_barging}};
    auto mine = db.checkout();
    std::binary_semaphore done{0};
    auto waiter = elsewhere([&] {
        auto got = db.checkout_for(1h);
        done.acquire();
        return *got;
    });
    wait_for_waiters(db);
    manual_clock::advance(1ms);
    mine.checkin();
    CHECK(db.try_checkout().error() == errc::full);
    done.release();
    CHECK(waiter.get() == 1);
}

TEST_CASE("classic bug 7: with barging, after a forced hand-over what is idle is lent again to whoever comes") {
    const auto order = GENERATE(idle_order::affine, idle_order::lifo, idle_order::fifo);
    pooly::pool<int, manual_clock> db{[] { return 1; },
                                      {.size = 1, .order = order, .fairness = fairness_policy::bounded_barging}};
    auto mine = db.checkout();
    auto waiter = elsewhere([&] { return *db.checkout_for(1h); });
    wait_for_waiters(db);
    manual_clock::advance(1ms);
    mine.checkin();
    CHECK(waiter.get() == 1);
    CHECK(db.status().idle == 1);
    CHECK(db.try_checkout());
}

TEST_CASE("classic bug 8: when every worker is held by one who waits, the timeout says so") {
    const std::string diagnosis = "every worker is held by a thread that is itself waiting here";
    pooly::pool db{[] { return 1; }, {.size = 2}};
    auto mine = db.checkout();
    SECTION("one thread that holds them all") {
        auto another = db.checkout();
        CHECK_THAT(text_of([&] { (void)db.checkout_for(1ms); }), ContainsSubstring(diagnosis));
        CHECK_THAT(text_of([&] { (void)db.checkout_for(0s); }), ContainsSubstring(diagnosis));
    }
    SECTION("two that wait for each other") {
        auto other = elsewhere([&] {
            auto its = db.checkout();
            return *db.checkout_for(1h);
        });
        wait_for_waiters(db);
        CHECK_THAT(text_of([&] { (void)db.checkout_for(1ms); }), ContainsSubstring(diagnosis));
        mine.checkin();
        CHECK(other.get() == 1);
    }
    SECTION("but not if one of them does not wait") {
        std::binary_semaphore holds{0};
        std::binary_semaphore done{0};
        auto other = elsewhere([&] {
            auto its = db.checkout();
            holds.release();
            done.acquire();
        });
        holds.acquire();
        CHECK_THAT(text_of([&] { (void)db.checkout_for(1ms); }), !ContainsSubstring(diagnosis));
        done.release();
        other.get();
    }
}

TEST_CASE("classic bug 28: a timeout tells who, how many, where and why") {
    bool down = false;
    pooly::pool<int, manual_clock> db{[&] {
                                          if (down) throw std::runtime_error{"no route to host"};
                                          return 1;
                                      },
                                      {.name = "ledger", .size = 2, .max_overflow = 1, .start = start_mode::lazy}};
    std::vector<pooly::lease<int>> held;
    held.push_back(db.checkout());
    const auto line = std::to_string(__LINE__ - 1);
    manual_clock::advance(90s);
    down = true;
    CHECK_THAT(text_of([&] { (void)db.checkout(); }),
               ContainsSubstring("'ledger'") && ContainsSubstring("could not be made: no route to host"));
    down = false;
    manual_clock::advance(5s);
    held.push_back(db.checkout());
    held.push_back(db.checkout());

    auto waiting = elsewhere([&] { (void)db.checkout_for(1h); });
    wait_for_waiters(db);
    auto failing = elsewhere([&] { return text_of([&] { (void)db.checkout_for(2s); }); });
    wait_for_waiters(db, 2);
    manual_clock::advance(2s);
    const auto text = failing.get();
    INFO(text);
    CHECK_THAT(text, ContainsSubstring("'ledger'"));
    CHECK_THAT(text, ContainsSubstring("timed out waiting for a worker after 2 s"));
    CHECK_THAT(text, ContainsSubstring("3 in use of size 2 + overflow 1, 2 waiting"));
    CHECK_THAT(text, ContainsSubstring("worker 1 for 97 s"));
    CHECK_THAT(text, ContainsSubstring("classic_bugs_waiting.cpp:" + line));
    CHECK_THAT(text, ContainsSubstring("7 s ago: no route to host"));
    CHECK_THAT(text, ContainsSubstring("Hold workers for less time"));  // the factory works again
    held.clear();
    waiting.get();
}

TEST_CASE("classic bug 28: every refusal tells the pool's name and what to do") {
    pooly::pool db{[] { return 1; }, {.name = "ledger", .size = 1, .max_waiters = 0}};
    auto held = db.checkout();
    CHECK_THAT(text_of([&] { (void)db.checkout_for(0s); }),
               ContainsSubstring("'ledger'") && ContainsSubstring("1 in use of size 1, 0 waiting"));
    CHECK_THAT(text_of([&] { (void)db.checkout_for(1h); }),
               ContainsSubstring("'ledger'") && ContainsSubstring("too many consumers are waiting"));
    db.suspend();
    CHECK_THAT(text_of([&] { (void)db.checkout_for(0s); }),
               ContainsSubstring("'ledger'") && ContainsSubstring("Call resume()"));
    db.close();
    CHECK_THAT(text_of([&] { (void)db.checkout(); }), ContainsSubstring("'ledger'") && ContainsSubstring("closed"));
}
