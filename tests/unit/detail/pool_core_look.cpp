// SPDX-License-Identifier: MIT
#include <pooly/detail/pool_core_look.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <pooly/pool.hpp>

#include "support/catch.hpp"
#include "support/manual_clock.hpp"
#include "support/queued_consumer.hpp"
#include "support/unsupervised.hpp"
#include "support/waiting.hpp"

using namespace std::chrono_literals;
using pooly::errc;
using pooly::histogram;
using pooly::pool_state;
using pooly::pool_status;
using pooly::start_mode;
using pooly::test::manual_clock;
using pooly::test::on_another_thread;
using pooly::test::queued_consumer;
using pooly::test::unsupervised;
using pooly::test::wait_until;

namespace {

auto one() { return 1; }

/// Whether a histogram has exactly these durations.
bool has_exactly(const histogram& seen, std::vector<std::chrono::nanoseconds> durations) {
    histogram expected;
    for (const auto duration : durations) expected.add(histogram::bucket_of(duration));
    bool same = seen.count() == expected.count();
    for (std::size_t bucket = 0; bucket < histogram::bucket_count; ++bucket)
        same = same && seen.at(bucket) == expected.at(bucket);
    return same;
}

}  // namespace

// Status. -------------------------------------------------------------------------------------------------------------

TEST_CASE("status tells how many are idle, in use, beyond the size and waiting, and what to call it") {
    pooly::pool db{one, {.size = 1, .max_overflow = 1}};
    CHECK(db.status() == pool_status{.state = pool_state::ready, .idle = 1, .live = 1});
    const auto base = db.checkout();
    CHECK(db.status() == pool_status{.state = pool_state::overflow, .in_use = 1, .live = 1});
    auto extra = db.checkout();
    CHECK(db.status() == pool_status{.state = pool_state::full, .in_use = 2, .live = 2, .overflow = 1});
    const queued_consumer waiting{db};
    CHECK(db.status() == pool_status{.state = pool_state::full, .in_use = 2, .live = 2, .overflow = 1, .waiting = 1});
    db.suspend();
    CHECK(db.status().state == pool_state::suspended);
    db.close();
    CHECK(db.status() == pool_status{.state = pool_state::closed, .in_use = 2, .live = 2, .overflow = 1});
}

TEST_CASE("status tells what is being made, checked and destroyed, as the one who does it sees it") {
    pooly::pool<int>* itself = nullptr;
    std::optional<pool_status> making, checking, retiring;
    pooly::pool<int> db{[&] { return making = itself->status(), 1; },
                        {.size = 1, .start = start_mode::lazy, .check_after_idle = 0ns},
                        {.healthy = [&](int&) { return checking = itself->status(), true; },
                         .retire = [&](int&) { retiring = itself->status(); }}};
    itself = &db;
    db.prewarm();
    CHECK(making == pool_status{.state = pool_state::full, .making = 1, .live = 1});
    db.checkout().checkin();
    db.checkout().checkin();
    CHECK(checking == pool_status{.state = pool_state::full, .checking = 1, .live = 1});
    db.close();
    CHECK(retiring == pool_status{.state = pool_state::closed, .retiring = 1, .live = 1});
}

TEST_CASE("status tells that the backend is down, whatever else the state is") {
    bool down = true;
    pooly::pool<int, manual_clock> db{[&] {
                                          if (down) throw std::runtime_error{"down"};
                                          return 1;
                                      },
                                      {.size = 1, .start = start_mode::lazy}};
    CHECK_FALSE(db.status().backend_down);
    CHECK_FALSE(db.try_checkout());
    CHECK(db.status() == pool_status{.state = pool_state::ready, .backend_down = true});
    down = false;
    manual_clock::advance(1h);
    CHECK(db.status().backend_down);  // nobody has tried yet
    db.checkout().checkin();
    CHECK(db.status() == pool_status{.state = pool_state::ready, .idle = 1, .live = 1});
}

TEST_CASE("a place under the size that has no worker counts as ready") {
    pooly::pool db{one, {.size = 2, .start = start_mode::lazy}};
    const auto held = db.checkout();
    CHECK(db.status().state == pool_state::ready);
    const auto other = db.checkout();
    CHECK(db.status().state == pool_state::full);
}

// Counters. -----------------------------------------------------------------------------------------------------------

TEST_CASE("statistics count what was lent and made, of workers that are gone too") {
    pooly::pool db{one, {.size = 1, .max_overflow = 1}};
    CHECK(db.stats().created == 1);
    CHECK(db.stats().checkouts == 0);
    {
        const auto base = db.checkout();
        const auto extra = db.checkout();
        CHECK(db.stats().checkouts == 2);
        CHECK(db.stats().created == 2);
    }
    db.checkout().discard();
    db.restart();
    db.checkout().checkin();
    const auto seen = db.stats();
    CHECK(seen.checkouts == 4);
    CHECK(seen.created == 4);
    CHECK(seen.destroyed == 3);
    CHECK(seen.dismissed == 1);
    CHECK(seen.discarded == 1);
}

TEST_CASE("statistics count each refusal by its reason, and no check-out for it") {
    pooly::pool db{one, {.size = 1, .max_waiters = 1}};
    const auto held = db.checkout();
    CHECK(db.try_checkout().error() == errc::full);
    CHECK(db.try_checkout_for(0s).error() == errc::timeout);
    CHECK(db.try_checkout_for(1ms).error() == errc::timeout);
    const queued_consumer waiting{db};
    CHECK(db.try_checkout_for(1h).error() == errc::overloaded);
    const auto seen = db.stats();
    CHECK(seen.full == 1);
    CHECK(seen.timeouts == 2);
    CHECK(seen.overloaded == 1);
    CHECK(seen.cancelled == 0);
    CHECK(seen.checkouts == 1);
    CHECK(seen.suspended == 0);
    db.suspend();
    CHECK(db.try_checkout().error() == errc::suspended);
    CHECK(db.try_checkout_for(1ms).error() == errc::overloaded);
    CHECK(db.stats().suspended == 1);
    db.close();
}

TEST_CASE("statistics count failures of the factory and of hooks") {
    bool fails = false;
    const auto maybe = [&](int&) {
        if (fails) throw std::runtime_error{"no"};
    };
    pooly::pool<int> db{[&] {
                            if (fails) throw std::runtime_error{"no"};
                            return 1;
                        },
                        unsupervised({.size = 1, .check_after_idle = 0ns}),
                        {.healthy = [&](int&) { return !fails; }, .reset = maybe, .retire = maybe}};
    auto held = db.checkout();
    fails = true;
    held.checkin();
    auto seen = db.stats();
    CHECK(seen.reset_failures == 1);
    CHECK(seen.retire_failures == 1);
    CHECK(seen.destroyed == 1);
    CHECK(db.try_checkout().error() == errc::create_failed);
    CHECK(db.stats().create_failures == 1);
    fails = false;
    db.prewarm();
    fails = true;
    CHECK(db.try_checkout().error() == errc::create_failed);
    seen = db.stats();
    CHECK(seen.unhealthy == 1);
    CHECK(seen.create_failures == 2);
    CHECK(seen.destroyed == 2);
    CHECK(seen.created == 2);
    CHECK(seen.checkouts == 1);
}

TEST_CASE("a detached worker is counted as that, not as destroyed") {
    pooly::pool db{one, {.size = 1}};
    (void)db.checkout().detach();
    const auto seen = db.stats();
    CHECK(seen.detached == 1);
    CHECK(seen.destroyed == 0);
    CHECK(seen.discarded == 0);
}

TEST_CASE("only check-outs that queued count as having waited") {
    pooly::pool db{one, {.size = 1, .max_overflow = 1}};
    auto held = db.checkout();
    const auto made = db.checkout();
    CHECK(db.try_checkout().error() == errc::full);
    CHECK(db.stats().waited == 0);
    queued_consumer waiting{db};
    held.checkin();
    CHECK(waiting.worker());
    CHECK(db.stats().waited == 1);
}

TEST_CASE("one who waited for a worker that could then not be made is no check-out that waited") {
    bool fails = false;
    pooly::pool<int> db{[&] {
                            if (fails) throw std::runtime_error{"no"};
                            return 1;
                        },
                        {.size = 1}};
    auto held = db.checkout();
    queued_consumer waiting{db};
    fails = true;
    held.discard();
    CHECK(waiting.answer().error() == errc::create_failed);
    CHECK(db.stats().checkouts == 1);
    CHECK(db.stats().waited == 0);
    CHECK(db.stats().wait.count() == 1);
}

// Times. --------------------------------------------------------------------------------------------------------------

TEST_CASE("hold times are exact under precise timing, however the lease ends") {
    manual_clock::set(1h);
    bool reset_fails = false;
    pooly::pool<int, manual_clock> db{one, {.size = 1, .timing = pooly::timing_mode::precise}, {.reset = [&](int&) {
                                          if (reset_fails) throw std::runtime_error{"dirty"};
                                      }}};
    const auto hold_for = [&](std::chrono::nanoseconds time) {
        auto held = db.checkout();
        manual_clock::advance(time);
        return held;
    };
    hold_for(3s).checkin();
    CHECK(has_exactly(db.stats().hold, {3s}));
    hold_for(0s).checkin();
    CHECK(has_exactly(db.stats().hold, {3s, 0s}));
    hold_for(5s).discard();
    CHECK(has_exactly(db.stats().hold, {3s, 0s, 5s}));
    (void)hold_for(7s).detach();
    CHECK(has_exactly(db.stats().hold, {3s, 0s, 5s, 7s}));
    reset_fails = true;
    hold_for(11s).checkin();
    CHECK(has_exactly(db.stats().hold, {3s, 0s, 5s, 7s, 11s}));
    reset_fails = false;
    auto last = hold_for(13s);
    db.close();
    last.checkin();
    CHECK(has_exactly(db.stats().hold, {3s, 0s, 5s, 7s, 11s, 13s}));
}

TEST_CASE("hold times are exact under precise timing, also by the clock that has a coarse tick") {
    using clock = std::chrono::steady_clock;
    pooly::pool db{one, {.size = 1, .timing = pooly::timing_mode::precise}};
    for (std::uint64_t i = 1; i <= 10; ++i) {  // ticks may pass in one or two of them
        auto held = db.checkout();
        wait_until([now = clock::now()] { return clock::now() > now; });
        held.checkin();
        CHECK(db.stats().hold.count() == i);
        CHECK(db.stats().hold.quantile(0.0) > 0ns);
    }
}

TEST_CASE("a lease that is still out has no hold time yet") {
    manual_clock::set(1h);
    pooly::pool<int, manual_clock> db{one, {.size = 2}};
    auto held = db.checkout();
    manual_clock::advance(5s);
    CHECK(db.stats().hold.count() == 0);
    held.checkin();
    CHECK(has_exactly(db.stats().hold, {5s}));
}

TEST_CASE("hold times go on where the worker is handed to one who waits") {
    manual_clock::set(1h);
    pooly::pool<int, manual_clock> db{one, {.size = 1}};
    auto held = db.checkout();
    queued_consumer<int, manual_clock> waiting{db};
    manual_clock::advance(5s);
    held.checkin();
    auto got = waiting.worker();
    manual_clock::advance(2s);
    got.checkin();
    CHECK(has_exactly(db.stats().hold, {5s, 2s}));
}

TEST_CASE("wait times are those from asking to holding; those served at once count as zero") {
    manual_clock::set(1h);
    pooly::pool<int, manual_clock> db{one, {.size = 1}};
    auto held = db.checkout();
    queued_consumer<int, manual_clock> waiting{db};
    manual_clock::advance(3s);
    held.checkin();
    waiting.worker().checkin();
    db.checkout().checkin();
    CHECK(has_exactly(db.stats().wait, {0s, 3s, 0s}));
}

TEST_CASE("create times are those of the factory calls that made a worker") {
    manual_clock::set(1h);
    bool fails = false;
    pooly::pool<int, manual_clock> db{[&] {
                                          manual_clock::advance(2s);
                                          if (fails) throw std::runtime_error{"no route"};
                                          return 1;
                                      },
                                      {.size = 2}};
    CHECK(has_exactly(db.stats().create, {2s, 2s}));
    fails = true;
    CHECK_THROWS(db.restart());
    CHECK(has_exactly(db.stats().create, {2s, 2s}));
}

TEST_CASE("coarse hold times are counted too, one for each lease that ended") {
    pooly::pool db{one, {.size = 1}};
    for (int i = 0; i < 100; ++i) db.checkout().checkin();
    const auto held = db.checkout();
    CHECK(db.stats().hold.count() == 100);
    CHECK(db.stats().wait.count() == 101);
}

// Holders. ------------------------------------------------------------------------------------------------------------

TEST_CASE("holders tell which worker, whose thread, which line, since when and for how long") {
    manual_clock::set(1h);
    pooly::pool<int, manual_clock> db{one, {.size = 2}};
    CHECK(db.holders().empty());
    const auto before = db.checkout().info().created;
    manual_clock::advance(10s);
    const auto held = db.checkout();
    const auto line = static_cast<std::uint32_t>(__LINE__ - 1);
    manual_clock::advance(5s);
    const auto seen = db.holders();
    REQUIRE(seen.size() == 1);
    CHECK(seen[0].worker == held.info().id);
    CHECK(seen[0].thread == std::this_thread::get_id());
    CHECK(seen[0].where.line == line);
    CHECK(std::string{seen[0].where.file} == __FILE__);
    CHECK(std::string{seen[0].where.function} == __func__);
    CHECK(seen[0].held == 5s);
    CHECK(seen[0].since - before == 10s);
}

TEST_CASE("holders are those who checked out, though the lease has moved on to another thread") {
    pooly::pool db{one, {.size = 2}};
    std::thread::id other;
    const auto held = on_another_thread([&] {
        other = std::this_thread::get_id();
        return db.checkout();
    });
    REQUIRE(db.holders().size() == 1);
    CHECK(db.holders()[0].thread == other);
}

TEST_CASE("every way to check out names its caller's line, on the fast path and off it") {
    const auto timing = GENERATE(pooly::timing_mode::coarse, pooly::timing_mode::precise);
    pooly::pool db{one, {.size = 1, .timing = timing}};
    const auto line_of = [&](const auto& held) { return held ? db.holders().at(0).where.line : 0; };
    const auto soon = std::chrono::steady_clock::now() + 1h;
    CHECK(line_of(db.checkout()) == __LINE__);
    CHECK(line_of(db.checkout_for(1h)) == __LINE__);
    CHECK(line_of(db.checkout_until(soon)) == __LINE__);
    CHECK(line_of(db.try_checkout()) == __LINE__);
    CHECK(line_of(db.try_checkout_for(1h)) == __LINE__);
    CHECK(line_of(db.try_checkout_until(soon)) == __LINE__);
#if defined(__cpp_lib_jthread)
    CHECK(line_of(db.checkout(std::stop_token{})) == __LINE__);
    CHECK(line_of(db.checkout_for(1h, std::stop_token{})) == __LINE__);
    CHECK(line_of(db.checkout_until(soon, std::stop_token{})) == __LINE__);
    CHECK(line_of(db.try_checkout_for(1h, std::stop_token{})) == __LINE__);
    CHECK(line_of(db.try_checkout_until(soon, std::stop_token{})) == __LINE__);
#endif
}

TEST_CASE("every holder is told, in a pool that has grown") {
    pooly::pool db{one, {.size = 1}};
    db.resize(5, 0);
    std::vector<pooly::lease<int>> held;
    for (int i = 0; i < 5; ++i) held.push_back(db.checkout());
    CHECK(db.holders().size() == 5);
    held.erase(held.begin() + 2);
    CHECK(db.holders().size() == 4);
}

// Options. ------------------------------------------------------------------------------------------------------------

TEST_CASE("options are those given, with the limits of the last resize") {
    const pooly::pool_options given{.name = "db",
                                    .size = 2,
                                    .max_overflow = 3,
                                    .start = start_mode::lazy,
                                    .checkout_timeout = 7s,
                                    .max_waiters = 11,
                                    .order = pooly::idle_order::fifo,
                                    .fairness = pooly::fairness_policy::bounded_barging,
                                    .timing = pooly::timing_mode::precise,
                                    .check_after_idle = 13s};
    pooly::pool db{one, given};
    const auto same = [&](const pooly::pool_options& seen) {
        return seen.name == given.name && seen.start == given.start && seen.order == given.order &&
               seen.checkout_timeout == given.checkout_timeout && seen.max_waiters == given.max_waiters &&
               seen.fairness == given.fairness && seen.timing == given.timing &&
               seen.check_after_idle == given.check_after_idle;
    };
    CHECK(same(db.options()));
    CHECK(db.options().size == 2);
    CHECK(db.options().max_overflow == 3);
    db.resize(5, 0);
    CHECK(same(db.options()));
    CHECK(db.options().size == 5);
    CHECK(db.options().max_overflow == 0);
}
