// SPDX-License-Identifier: MIT
#include <pooly/detail/restart_intensity.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <utility>

#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace std::chrono_literals;
using pooly::pool_options;
using pooly::detail::restart_intensity;

namespace {

static_assert(noexcept(std::declval<restart_intensity&>().count({})), "a death is counted under the pool's lock");
static_assert(noexcept(std::declval<restart_intensity&>().forget()));

/// How many of so many deaths at once are fatal.
std::size_t fatal_of(restart_intensity& intensity, std::size_t deaths, std::chrono::nanoseconds at) {
    std::size_t fatal = 0;
    for (std::size_t i = 0; i < deaths; ++i) fatal += intensity.count(at) ? 1U : 0U;
    return fatal;
}

}  // namespace

TEST_CASE("rule 17: five in five seconds are allowed, the sixth is fatal") {
    restart_intensity intensity{5, 5s};
    for (const auto at : {0s, 1s, 2s, 3s, 4s}) CHECK_FALSE(intensity.count(at));
    CHECK(intensity.count(4s));
}

TEST_CASE("rule 17: a death exactly as old as the window counts, an older one is forgotten") {
    restart_intensity exact{5, 5s};
    CHECK(fatal_of(exact, 5, 10s) == 0);
    CHECK(exact.count(15s));
    restart_intensity older{5, 5s};
    CHECK(fatal_of(older, 5, 10s) == 0);
    CHECK_FALSE(older.count(15s + 1ns));
}

TEST_CASE("rule 17: deaths at the allowed rate are never fatal") {
    restart_intensity intensity{5, 5s};
    for (auto at = 0ns; at < 1h; at += 1s + 1ns) REQUIRE_FALSE(intensity.count(at));
}

TEST_CASE("rule 17: what is fatal stays so as long as they go on dying, and is over when they stop for the window") {
    restart_intensity intensity{5, 5s};
    CHECK(fatal_of(intensity, 8, 1s) == 3);
    CHECK(intensity.count(6s));
    CHECK_FALSE(intensity.count(12s));
}

TEST_CASE("rule 17: with no restarts allowed the first death is fatal") {
    restart_intensity intensity{0, 5s};
    CHECK(intensity.count(0s));
    CHECK(intensity.count(1h));
}

TEST_CASE("rule 17: with any number allowed no death is fatal") {
    restart_intensity intensity{pool_options::unlimited, 5s};
    CHECK(fatal_of(intensity, 1000, 0s) == 0);
}

TEST_CASE("rule 17: a window of zero or less is off") {
    for (const auto window : {0ns, -1ns}) {
        restart_intensity intensity{0, window};
        CHECK(fatal_of(intensity, 100, 0s) == 0);
    }
}

TEST_CASE("rule 17: a window without end forgets nothing") {
    restart_intensity intensity{1, std::chrono::nanoseconds::max()};
    CHECK_FALSE(intensity.count(0ns));
    CHECK(intensity.count(std::chrono::nanoseconds::max()));
}

TEST_CASE("rule 17: after a restart as many may die again") {
    restart_intensity intensity{5, 5s};
    CHECK(fatal_of(intensity, 7, 1s) == 2);
    intensity.forget();
    CHECK(fatal_of(intensity, 5, 1s) == 0);
    CHECK(intensity.count(1s));
}

TEST_CASE("rule 17: a death that is told late counts as if it came in order") {
    restart_intensity intensity{2, 5s};
    CHECK_FALSE(intensity.count(10s));
    CHECK_FALSE(intensity.count(9s));
    CHECK(intensity.count(8s));
    CHECK(intensity.count(15s));  // all were told by 10 s
    CHECK_FALSE(intensity.count(20s + 1ns));
}

TEST_CASE("rule 17: any sequence of deaths is judged as by a list of all of them") {
    pooly::test::dice dice{pooly::test::seed()};
    for (int round = 0; round < 200; ++round) {
        const auto allowed = dice(6);
        const auto window = std::chrono::nanoseconds{1 + dice(20)};
        restart_intensity intensity{allowed, window};
        std::deque<std::chrono::nanoseconds> deaths;
        auto now = 0ns;
        for (int step = 0; step < 200; ++step) {
            now += std::chrono::nanoseconds{dice(8)};
            while (!deaths.empty() && now - deaths.front() > window) deaths.pop_front();
            deaths.push_back(now);
            REQUIRE(intensity.count(now) == (deaths.size() > allowed));
        }
    }
}
