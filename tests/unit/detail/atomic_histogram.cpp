// SPDX-License-Identifier: MIT
#include <pooly/detail/atomic_histogram.hpp>

#include <chrono>
#include <thread>
#include <utility>
#include <vector>

#include "support/catch.hpp"

using namespace std::chrono_literals;
using pooly::detail::atomic_histogram;

namespace {

static_assert(noexcept(std::declval<atomic_histogram&>().record({})));
static_assert(noexcept(std::declval<const atomic_histogram&>().snapshot(0)));

}  // namespace

TEST_CASE("a snapshot has what was recorded") {
    atomic_histogram times;
    times.record(3ns);
    times.record(3ns);
    times.record(7ns);
    const auto seen = times.snapshot(0);
    CHECK(seen.count() == 3);
    CHECK(seen.at(3) == 2);
    CHECK(seen.at(7) == 1);
}

TEST_CASE("a snapshot is filled up to its total with those that took no time") {
    atomic_histogram times;
    times.record(7ns);
    const auto seen = times.snapshot(10);
    CHECK(seen.count() == 10);
    CHECK(seen.at(0) == 9);
    CHECK(seen.quantile(0.9) == 0ns);
    CHECK(seen.max() == 7ns);
}

TEST_CASE("a total that lags behind what was recorded takes nothing away") {
    atomic_histogram times;
    times.record(7ns);
    times.record(8ns);
    CHECK(times.snapshot(1).count() == 2);
    CHECK(times.snapshot(2).count() == 2);
    CHECK(times.snapshot(0).at(0) == 0);
}

TEST_CASE("many threads record at once and none is lost") {
    atomic_histogram times;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&times] {
            for (int n = 0; n < 100'000; ++n) times.record(std::chrono::nanoseconds{n % 4});
        });
    for (auto& thread : threads) thread.join();
    const auto seen = times.snapshot(0);
    CHECK(seen.count() == 400'000);
    for (std::size_t i = 0; i < 4; ++i) CHECK(seen.at(i) == 100'000);
}
