// SPDX-License-Identifier: MIT
#include <pooly/detail/clock_source.hpp>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "support/catch.hpp"
#include "support/manual_clock.hpp"
#include "support/waiting.hpp"

using namespace std::chrono_literals;
using pooly::detail::clock_source;
using pooly::test::manual_clock;

namespace {

/// A clock that counts in something else than nanoseconds.
struct clock_of_seconds {
    using duration = std::chrono::seconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<clock_of_seconds>;
    static time_point now() { return time_point{duration{3}}; }
};

static_assert(noexcept(clock_source::of<manual_clock>()));
static_assert(
    noexcept(std::declval<const clock_source&>().now()) && noexcept(std::declval<const clock_source&>().after({})));
static_assert(noexcept(pooly::detail::steady_deadline({})));
static_assert(clock_source::of<std::chrono::steady_clock>().has_coarse_tick);
static_assert(!clock_source::of<manual_clock>().has_coarse_tick, "the coarse tick is steady_clock's");
static_assert(!clock_source::of<std::chrono::system_clock>().has_coarse_tick);
static_assert(clock_source::never == std::chrono::nanoseconds::max());

}  // namespace

TEST_CASE("any clock is read in nanoseconds") {
    manual_clock::set(42ns);
    CHECK(clock_source::of<manual_clock>().now() == 42ns);
    CHECK(clock_source::of<clock_of_seconds>().now() == 3s);
    const auto before = std::chrono::steady_clock::now().time_since_epoch();
    CHECK(clock_source::of<std::chrono::steady_clock>().now() >= before);
}

TEST_CASE("a moment after now is now and so much; past the end of time it is never") {
    manual_clock::set(10ns);
    const auto clock = clock_source::of<manual_clock>();
    CHECK(clock.after(5ns) == 15ns);
    CHECK(clock.after(0ns) == 10ns);
    CHECK(clock.after(-5ns) == 5ns);
    CHECK(clock.after(clock_source::never - 11ns) == clock_source::never - 1ns);
    CHECK(clock.after(clock_source::never - 10ns) == clock_source::never);
    CHECK(clock.after(clock_source::never) == clock_source::never);
}

TEST_CASE("a wait on the steady clock ends at its deadline by itself") {
    const auto clock = clock_source::of<std::chrono::steady_clock>();
    std::condition_variable changed;
    std::mutex mutex;
    std::unique_lock lock{mutex};
    const auto until = clock.after(2ms);
    while (clock.now() < until) clock.wait(changed, lock, until);
    CHECK(lock.owns_lock());
    CHECK(clock.now() >= until);
}

TEST_CASE("a wait for a moment that has passed does not block") {
    const auto clock = clock_source::of<std::chrono::steady_clock>();
    std::condition_variable changed;
    std::mutex mutex;
    std::unique_lock lock{mutex};
    clock.wait(changed, lock, 0ns);
    clock.wait(changed, lock, std::chrono::nanoseconds::min());
    CHECK(lock.owns_lock());
}

TEST_CASE("a wait on another clock returns when that clock is moved, though nobody tells it") {
    manual_clock::set(0ns);
    const auto clock = clock_source::of<manual_clock>();
    std::condition_variable changed;
    std::mutex mutex;
    bool waits = false;
    auto waiting = pooly::test::elsewhere([&] {
        std::unique_lock lock{mutex};
        waits = true;
        while (clock.now() < 1h) clock.wait(changed, lock, 1h);
        return true;
    });
    pooly::test::wait_until([&] {  // it has let go of the mutex: it waits
        const std::lock_guard guard{mutex};
        return waits;
    });
    manual_clock::advance(1h);
    CHECK(waiting.get());
}

TEST_CASE("a wait without end returns when it is notified") {
    for (const auto clock : {clock_source::of<manual_clock>(), clock_source::of<std::chrono::steady_clock>()}) {
        std::condition_variable changed;
        std::mutex mutex;
        bool told = false;
        auto waiting = pooly::test::elsewhere([&] {
            std::unique_lock lock{mutex};
            while (!told) clock.wait(changed, lock, clock_source::never);
            return told;
        });
        {
            const std::lock_guard guard{mutex};
            told = true;
        }
        changed.notify_one();
        CHECK(waiting.get());
    }
}

TEST_CASE("a deadline on the steady clock is so long from now, and at most the end of time") {
    using pooly::detail::steady_deadline;
    using time_point = std::chrono::steady_clock::time_point;
    const auto before = std::chrono::steady_clock::now();
    const auto in_an_hour = steady_deadline(1h);
    CHECK(in_an_hour >= before + 1h);
    CHECK(in_an_hour <= std::chrono::steady_clock::now() + 1h);
    CHECK(steady_deadline(std::chrono::nanoseconds::max()) == time_point::max());
    CHECK(steady_deadline(std::chrono::nanoseconds::max() - 1ns) == time_point::max());
    CHECK(steady_deadline(-1h) < std::chrono::steady_clock::now());
}
