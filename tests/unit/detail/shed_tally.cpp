// SPDX-License-Identifier: MIT
#include <pooly/detail/shed_tally.hpp>

#include <chrono>

#include "support/catch.hpp"

using namespace std::chrono_literals;
using pooly::errc;
using pooly::detail::clock_source;
using pooly::detail::shed_tally;

TEST_CASE("nobody was turned away, nothing is told") {
    shed_tally tally{errc::overloaded};
    CHECK(tally.due() == clock_source::never);
    CHECK_FALSE(tally.take(0s));
    CHECK_FALSE(tally.take(clock_source::never));
}

TEST_CASE("the first is told at once, the others of a second as one, with what was so at the last") {
    shed_tally tally{errc::overloaded};
    tally.add(3, {"a.cpp", "a", 1});
    CHECK(tally.due() <= -1h);  // at any time
    const auto first = tally.take(10s);
    REQUIRE(first);
    CHECK((first->reason == errc::overloaded && first->times == 1 && first->waiting == 3 && first->where.line == 1));
    CHECK(tally.due() == clock_source::never);

    tally.add(4, {"b.cpp", "b", 2});
    tally.add(5, {"c.cpp", "c", 3});
    CHECK(tally.due() == 11s);
    CHECK_FALSE(tally.take(11s - 1ns));
    const auto second = tally.take(11s);
    REQUIRE(second);
    CHECK((second->reason == errc::overloaded && second->times == 2 && second->waiting == 5));
    CHECK(second->where.line == 3);
    CHECK_FALSE(tally.take(20s));

    tally.add(6, {});
    REQUIRE(tally.take(20s));
}

TEST_CASE("at the end the rest is told, however soon") {
    shed_tally tally{errc::overloaded};
    tally.add(0, {});
    REQUIRE(tally.take(1s));
    tally.add(0, {});
    REQUIRE(tally.take(clock_source::never));
}
