// SPDX-License-Identifier: MIT
#include <pooly/histogram.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <random>
#include <utility>
#include <vector>

#include "support/catch.hpp"

using pooly::histogram;
using std::chrono::nanoseconds;
using namespace std::chrono_literals;

namespace {

static_assert(noexcept(histogram::bucket_of(std::declval<nanoseconds>())));
static_assert(noexcept(histogram::upper_bound_of(0)));
static_assert(noexcept(std::declval<histogram&>().add(0)));
static_assert(noexcept(std::declval<const histogram&>().quantile(0.5)));
static_assert(noexcept(std::declval<const histogram&>().max()));
static_assert(histogram::bucket_of(nanoseconds::max()) == histogram::bucket_count - 1,
              "the longest has the last bucket");
static_assert(histogram::upper_bound_of(histogram::bucket_count - 1) == nanoseconds::max());

histogram of(const std::vector<nanoseconds>& durations) {
    histogram counted;
    for (const auto duration : durations) counted.add(histogram::bucket_of(duration));
    return counted;
}

}  // namespace

TEST_CASE("durations under sixteen nanoseconds have a bucket each") {
    for (std::int64_t i = 0; i < 16; ++i) {
        CHECK(histogram::bucket_of(nanoseconds{i}) == static_cast<std::size_t>(i));
        CHECK(histogram::upper_bound_of(static_cast<std::size_t>(i)) == nanoseconds{i});
    }
}

TEST_CASE("a bucket ends where the next one begins, from the shortest duration to the longest") {
    for (std::size_t bucket = 0; bucket < histogram::bucket_count; ++bucket) {
        const auto longest = histogram::upper_bound_of(bucket);
        REQUIRE(histogram::bucket_of(longest) == bucket);
        if (longest != nanoseconds::max()) REQUIRE(histogram::bucket_of(longest + 1ns) == bucket + 1);
    }
}

TEST_CASE("a longer duration never falls into an earlier bucket") {
    std::mt19937_64 random{7};
    for (int i = 0; i < 10'000; ++i) {
        const auto shift = random() % 63;
        const nanoseconds a{static_cast<std::int64_t>((random() >> 1U) >> shift)};
        const nanoseconds b{static_cast<std::int64_t>((random() >> 1U) >> shift)};
        REQUIRE(histogram::bucket_of(std::min(a, b)) <= histogram::bucket_of(std::max(a, b)));
    }
}

TEST_CASE("a bucket reports a duration at most an eighth too high and never too low") {
    std::mt19937_64 random{11};
    for (int i = 0; i < 10'000; ++i) {
        const nanoseconds duration{static_cast<std::int64_t>((random() >> 1U) >> (random() % 63))};
        const auto reported = histogram::upper_bound_of(histogram::bucket_of(duration));
        REQUIRE(reported >= duration);
        REQUIRE(reported - duration <= duration / 8);
    }
}

TEST_CASE("negative durations count as zero") {
    CHECK(histogram::bucket_of(-1ns) == 0);
    CHECK(histogram::bucket_of(nanoseconds::min()) == 0);
}

TEST_CASE("an empty histogram has no count, and zero for every quantile") {
    const histogram nothing;
    CHECK(nothing.count() == 0);
    CHECK(nothing.quantile(0.0) == 0ns);
    CHECK(nothing.quantile(0.99) == 0ns);
    CHECK(nothing.max() == 0ns);
}

TEST_CASE("quantiles of one to ten are what they are by hand") {
    const auto ten = of({1ns, 2ns, 3ns, 4ns, 5ns, 6ns, 7ns, 8ns, 9ns, 10ns});
    CHECK(ten.count() == 10);
    CHECK(ten.quantile(0.0) == 1ns);
    CHECK(ten.quantile(0.1) == 1ns);
    CHECK(ten.quantile(0.5) == 5ns);
    CHECK(ten.quantile(0.51) == 6ns);
    CHECK(ten.quantile(0.9) == 9ns);
    CHECK(ten.quantile(1.0) == 10ns);
    CHECK(ten.max() == 10ns);
}

TEST_CASE("one slow one among a thousand shows at the tail only") {
    histogram counted;
    counted.add(histogram::bucket_of(8ns), 999);
    counted.add(histogram::bucket_of(1s));
    CHECK(counted.count() == 1000);
    CHECK(counted.quantile(0.999) == 8ns);
    CHECK(counted.quantile(0.9991) >= 1s);
    CHECK(counted.max() >= 1s);
    CHECK(counted.max() <= 1125ms);
}

TEST_CASE("quantiles of random durations are within an eighth of the true ones") {
    std::mt19937_64 random{13};
    std::vector<nanoseconds> durations(1000);
    for (auto& duration : durations) duration = nanoseconds{static_cast<std::int64_t>(random() % 100'000'000)};
    const auto counted = of(durations);
    std::sort(durations.begin(), durations.end());
    for (const std::size_t rank : {1U, 10U, 500U, 900U, 990U, 1000U}) {
        const auto exact = durations[rank - 1];
        const auto reported = counted.quantile(static_cast<double>(rank) / 1000.0);
        CHECK(reported >= exact);
        CHECK(reported <= exact + exact / 8);
    }
}

TEST_CASE("a share outside of zero to one, or not a number, reads as the nearest end") {
    const auto two = of({3ns, 7ns});
    CHECK(two.quantile(-1.0) == 3ns);
    CHECK(two.quantile(2.0) == 7ns);
    CHECK(two.quantile(std::numeric_limits<double>::quiet_NaN()) == 3ns);
    CHECK(two.quantile(std::numeric_limits<double>::infinity()) == 7ns);
    CHECK(two.quantile(-std::numeric_limits<double>::infinity()) == 3ns);
}

TEST_CASE("the longest duration that there is can be counted and read") {
    const auto one = of({nanoseconds::max()});
    CHECK(one.max() == nanoseconds::max());
    CHECK(one.at(histogram::bucket_count - 1) == 1);
}

TEST_CASE("a bucket tells how many it counted") {
    histogram counted;
    counted.add(5, 3);
    counted.add(5);
    CHECK(counted.at(5) == 4);
    CHECK(counted.at(4) == 0);
    CHECK(counted.count() == 4);
}
