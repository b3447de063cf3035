// SPDX-License-Identifier: MIT
#include <pooly/detail/timeout.hpp>

#include <chrono>
#include <cstdint>
#include <limits>
#include <ratio>
#include <utility>

#include "support/catch.hpp"

using namespace std::chrono_literals;
using pooly::detail::to_nanoseconds;
using std::chrono::duration;
using std::chrono::nanoseconds;

namespace {

static_assert(noexcept(to_nanoseconds(std::declval<std::chrono::hours>())));
static_assert(to_nanoseconds(std::chrono::seconds{2}) == nanoseconds{2'000'000'000},
              "known when the program is compiled");

template <class Float>
using seconds_in = duration<Float>;

}  // namespace

TEST_CASE("durations of any unit become nanoseconds") {
    CHECK(to_nanoseconds(7ns) == 7ns);
    CHECK(to_nanoseconds(1min) == 60s);
    CHECK(to_nanoseconds(-3h) == -3h);
    CHECK(to_nanoseconds(seconds_in<double>{1.5}) == 1500ms);
    CHECK(to_nanoseconds(seconds_in<float>{0.25F}) == 250ms);
    CHECK(to_nanoseconds(duration<std::uint8_t, std::milli>{200}) == 200ms);
    CHECK(to_nanoseconds(duration<std::int64_t, std::pico>{2999}) == 2ns);
}

TEST_CASE("a duration that fits is kept to the last nanosecond") {
    CHECK(to_nanoseconds(nanoseconds::max() - 1ns) == nanoseconds::max() - 1ns);
    CHECK(to_nanoseconds(nanoseconds::min() + 1ns) == nanoseconds::min() + 1ns);
    CHECK(to_nanoseconds(nanoseconds{9'007'199'254'740'993}) == nanoseconds{9'007'199'254'740'993});
}

TEST_CASE("what is too long is the longest that there is") {
    CHECK(to_nanoseconds(nanoseconds::max()) == nanoseconds::max());
    CHECK(to_nanoseconds(std::chrono::hours::max()) == nanoseconds::max());
    CHECK(to_nanoseconds(std::chrono::years{300}) == nanoseconds::max());
    CHECK(to_nanoseconds(duration<std::uint64_t>{std::numeric_limits<std::uint64_t>::max()}) == nanoseconds::max());
    CHECK(to_nanoseconds(seconds_in<double>::max()) == nanoseconds::max());
    CHECK(to_nanoseconds(seconds_in<double>{std::numeric_limits<double>::infinity()}) == nanoseconds::max());
}

TEST_CASE("what is too far in the past is the least that there is") {
    CHECK(to_nanoseconds(nanoseconds::min()) == nanoseconds::min());
    CHECK(to_nanoseconds(std::chrono::hours::min()) == nanoseconds::min());
    CHECK(to_nanoseconds(seconds_in<double>::min()) == nanoseconds::min());
    CHECK(to_nanoseconds(seconds_in<float>{-std::numeric_limits<float>::infinity()}) == nanoseconds::min());
}

TEST_CASE("not a number is no time at all") {
    CHECK(to_nanoseconds(seconds_in<double>{std::numeric_limits<double>::quiet_NaN()}) == 0ns);
    CHECK(to_nanoseconds(seconds_in<float>{-std::numeric_limits<float>::quiet_NaN()}) == 0ns);
}

TEST_CASE("a float next to the end of time does not overflow on its way") {
    CHECK(to_nanoseconds(seconds_in<float>{9223372036.0F}) > 290 * std::chrono::years{1});
    CHECK(to_nanoseconds(seconds_in<float>{-9223372036.0F}) < -290 * std::chrono::years{1});
    CHECK(to_nanoseconds(seconds_in<double>{9223372036.854774}) > 290 * std::chrono::years{1});
}

TEST_CASE("an odd unit does not overflow on its way") {
    CHECK(to_nanoseconds(duration<std::int64_t, std::ratio<1, 3>>{24'000'000'000}) == 8'000'000'000s);
    CHECK(to_nanoseconds(duration<std::int64_t, std::ratio<1, 3>>{-24'000'000'000}) == -8'000'000'000s);
    CHECK(to_nanoseconds(duration<std::int64_t, std::ratio<1, 3>>{1}) == 333'333'333ns);
}
