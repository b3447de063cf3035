// SPDX-License-Identifier: MIT
#include <pooly/detail/coarse_tick.hpp>

#include <chrono>

#include "support/catch.hpp"
#include "support/waiting.hpp"

using pooly::detail::coarse_tick;

namespace {

static_assert(noexcept(coarse_tick::now()));

std::chrono::nanoseconds clock_now() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch());
}

}  // namespace

TEST_CASE("the coarse tick has the time as soon as it is there, and goes on") {
    const auto before = clock_now();
    const coarse_tick tick;
    const auto first = coarse_tick::now();
    CHECK(first >= before);
    CHECK(first <= clock_now());
    pooly::test::wait_until([&] { return coarse_tick::now() > first; });
    CHECK(coarse_tick::now() <= clock_now());
}

TEST_CASE("the coarse tick never goes back, not even from one thread that stores it to the next") {
    auto last = coarse_tick{}.wake();
    for (int round = 0; round < 10; ++round) {
        const coarse_tick tick;
        for (int i = 0; i < 100; ++i) {
            const auto now = coarse_tick::now();
            REQUIRE(now >= last);
            last = now;
        }
    }
}

TEST_CASE("the coarse tick falls asleep when nobody looks at it, and is woken by whoever does then") {
    coarse_tick tick;
    pooly::test::wait_until([] { return coarse_tick::now() == coarse_tick::asleep; });
    const auto before = clock_now();
    const auto woken = tick.wake();
    CHECK(woken >= before);
    CHECK(woken <= clock_now());
    pooly::test::wait_until([&] { return coarse_tick::now() > woken; });  // and goes on
    CHECK(tick.wake() < coarse_tick::asleep);
}

TEST_CASE("the coarse tick stays awake as long as it is used") {
    const coarse_tick tick;
    const auto end = clock_now() + 3 * 100 * coarse_tick::period / 2;
    while (clock_now() < end) {
        coarse_tick::note_use();
        REQUIRE(coarse_tick::now() != coarse_tick::asleep);
    }
}
