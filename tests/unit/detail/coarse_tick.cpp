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
    auto last = coarse_tick::now();
    for (int round = 0; round < 10; ++round) {
        const coarse_tick tick;
        for (int i = 0; i < 100; ++i) {
            const auto now = coarse_tick::now();
            REQUIRE(now >= last);
            last = now;
        }
    }
}
