// SPDX-License-Identifier: MIT
#include <pooly/detail/humane.hpp>

#include <chrono>

#include "support/catch.hpp"

using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using pooly::detail::humane;

TEST_CASE("a duration is told in the unit that a person would choose") {
    CHECK(humane(0ns) == "0 ns");
    CHECK(humane(999ns) == "999 ns");
    CHECK(humane(1us) == "1 us");
    CHECK(humane(1500ns) == "1.5 us");
    CHECK(humane(12'345us) == "12.3 ms");
    CHECK(humane(5s) == "5 s");
    CHECK(humane(119s) == "119 s");
    CHECK(humane(2min) == "2 min");
    CHECK(humane(150s) == "2.5 min");
    CHECK(humane(2h - 1s) == "119 min");
    CHECK(humane(2h) == "2 h");
    CHECK(humane(150min) == "2.5 h");
    CHECK(humane(36h) == "36 h");
    CHECK(humane(48h - 1s) == "47 h");
    CHECK(humane(48h) == "2 d");
    CHECK(humane(60h) == "2.5 d");
    CHECK(humane(365 * 24h) == "365 d");
}

TEST_CASE("a duration just under the next unit is not told in powers of ten") {
    for (const auto duration : {999'499ns, 999'500ns, 999'999ns, 999'499'999ns, 999'500'000ns, 999'999'999ns})
        CHECK_THAT(humane(duration), !ContainsSubstring("e+"));
    CHECK(humane(999'999ns) == "1 ms");
    CHECK(humane(999'999'999ns) == "1 s");
}

TEST_CASE("a duration that is negative, or the longest, can be told") {
    CHECK(humane(-1ns) == "0 s");
    CHECK(humane(std::chrono::nanoseconds::min()) == "0 s");
    CHECK(humane(std::chrono::nanoseconds::max()) == "106751 d");
}
