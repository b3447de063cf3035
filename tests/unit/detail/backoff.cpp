// SPDX-License-Identifier: MIT
#include <pooly/detail/backoff.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <set>

#include "support/catch.hpp"

using namespace std::chrono_literals;
using pooly::detail::backoff;

namespace {

constexpr auto longest = std::chrono::nanoseconds::max();
constexpr std::uint64_t seeds = 1000;

static_assert(noexcept(backoff{{}, {}, 0}.next()) && noexcept(backoff{{}, {}, 0}.reset()));

}  // namespace

TEST_CASE("each wait is at least the base, at most the cap and at most three times the one before") {
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        backoff waits{100ms, 30s, seed};
        std::chrono::nanoseconds last = 100ms;
        for (int i = 0; i < 50; ++i) {
            const auto wait = waits.next();
            REQUIRE(wait >= 100ms);
            REQUIRE(wait <= std::min<std::chrono::nanoseconds>(3 * last, 30s));
            last = wait;
        }
    }
}

TEST_CASE("the waits cover what they may: the first all of base to three times base, later ones reach the cap") {
    auto shortest_first = longest;
    auto longest_first = 0ns;
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        backoff waits{100ms, 30s, seed};
        const auto first = waits.next();
        shortest_first = std::min(shortest_first, first);
        longest_first = std::max(longest_first, first);
        bool capped = false;
        for (int i = 0; i < 200; ++i) capped = waits.next() == 30s || capped;
        REQUIRE(capped);
    }
    CHECK(shortest_first < 101ms);
    CHECK(longest_first > 299ms);
}

TEST_CASE("the bounds themselves are drawn too") {
    backoff waits{1ns, 3ns, 7};
    std::set<std::chrono::nanoseconds> firsts;
    for (int i = 0; i < 100; ++i, waits.reset()) firsts.insert(waits.next());
    CHECK(firsts == std::set<std::chrono::nanoseconds>{1ns, 2ns, 3ns});
}

TEST_CASE("the same seed waits the same, another differs from the first wait on") {
    backoff one{100ms, 30s, 1};
    backoff same{100ms, 30s, 1};
    backoff other{100ms, 30s, 2};
    const auto first = one.next();
    CHECK(first == same.next());
    CHECK(first != other.next());
    for (int i = 0; i < 100; ++i) CHECK(one.next() == same.next());
}

TEST_CASE("after a success the next wait is a first one again, but not the same") {
    backoff waits{100ms, 30s, 1};
    const auto first = waits.next();
    for (int i = 0; i < 100; ++i) (void)waits.next();
    waits.reset();
    const auto again = waits.next();
    CHECK(again >= 100ms);
    CHECK(again <= 300ms);
    CHECK(again != first);
}

TEST_CASE("a base of zero is off: no wait, whatever the cap") {
    for (const auto base : {0ns, -1ns}) {
        backoff waits{base, 30s, 1};
        CHECK(waits.is_off());
        for (int i = 0; i < 10; ++i) CHECK(waits.next() == 0ns);
    }
}

TEST_CASE("a cap below the base wins") {
    backoff waits{10s, 1s, 1};
    CHECK_FALSE(waits.is_off());
    for (int i = 0; i < 10; ++i) CHECK(waits.next() == 1s);
    for (const auto cap : {0ns, -1ns}) {
        backoff off{10s, cap, 1};
        CHECK(off.is_off());
        CHECK(off.next() == 0ns);
    }
}

TEST_CASE("no wait overflows, however long the base and the cap") {
    for (const auto base :
         std::initializer_list<std::chrono::nanoseconds>{1ns, 1h, longest / 3, longest / 2, longest}) {
        backoff waits{base, longest, 1};
        for (int i = 0; i < 1000; ++i) REQUIRE(waits.next() >= base);
    }
}
