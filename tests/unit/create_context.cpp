// SPDX-License-Identifier: MIT
#include <pooly/create_context.hpp>
#include <pooly/pool.hpp>

#include <chrono>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <vector>

#include "support/catch.hpp"
#include "support/manual_clock.hpp"

using namespace std::chrono_literals;
using pooly::create_context;
using pooly::test::manual_clock;
using std::chrono::steady_clock;

namespace {

static_assert(std::is_aggregate_v<create_context>);

/// What the factory was told, call by call.
struct notes {
    std::vector<create_context> told;
    auto factory() {
        return [this](const create_context& context) {
            told.push_back(context);
            return 1;
        };
    }
};

constexpr auto nobody_waits = steady_clock::time_point::max();

}  // namespace

TEST_CASE("a context that nobody filled in knows no deadline and is never asked to stop") {
    const create_context blank;
    CHECK(blank.deadline == nobody_waits);
    CHECK_FALSE(blank.stop.stop_requested());
}

TEST_CASE("a factory is told no deadline where nobody waits: at the start, by prewarm, resize and restart") {
    notes seen;
    pooly::pool<int> db{seen.factory(), {.size = 1}};
    db.resize(2, 0);
    (void)db.restart();
    {
        const auto held = db.checkout();
        db.resize(3, 0);
    }
    REQUIRE(seen.told.size() == 5);
    for (const auto& context : seen.told) CHECK(context.deadline == nobody_waits);
}

TEST_CASE("a factory is told no deadline by a check-out that is one try, or that waits for ever") {
    notes seen;
    pooly::pool<int> db{seen.factory(), {.size = 3, .start = pooly::start_mode::lazy}};
    const auto one = db.try_checkout();
    const auto two = db.try_checkout_for(0s);
    const auto three = db.checkout_for(std::chrono::hours::max());
    REQUIRE(seen.told.size() == 3);
    for (const auto& context : seen.told) CHECK(context.deadline == nobody_waits);
}

TEST_CASE("a factory is told the deadline of the consumer that waits for it") {
    notes seen;
    pooly::pool<int> db{seen.factory(), {.size = 3, .start = pooly::start_mode::lazy, .checkout_timeout = 1h}};
    const auto earliest = steady_clock::now();
    const auto one = db.checkout();
    const auto two = db.checkout_for(2h);
    const auto three = db.checkout_until(earliest + 3h);
    const auto latest = steady_clock::now();
    REQUIRE(seen.told.size() == 3);
    CHECK(seen.told[0].deadline >= earliest + 1h);
    CHECK(seen.told[0].deadline <= latest + 1h);
    CHECK(seen.told[1].deadline >= earliest + 2h);
    CHECK(seen.told[1].deadline <= latest + 2h);
    CHECK(seen.told[2].deadline - (earliest + 3h) < 1min);  // exact but for the time between two looks at the clock
    CHECK((earliest + 3h) - seen.told[2].deadline < 1min);
}

TEST_CASE("a factory is told the same time left by a pool on another clock") {
    manual_clock::set(1000h);
    notes seen;
    pooly::pool<int, manual_clock> db{seen.factory(), {.size = 2, .start = pooly::start_mode::lazy}};
    const auto earliest = steady_clock::now();
    const auto one = db.checkout_for(2h);
    const auto two = db.checkout_until(manual_clock::now() + 3h);
    const auto latest = steady_clock::now();
    REQUIRE(seen.told.size() == 2);
    CHECK(seen.told[0].deadline >= earliest + 2h);
    CHECK(seen.told[0].deadline <= latest + 2h);
    CHECK(seen.told[1].deadline >= earliest + 3h);
    CHECK(seen.told[1].deadline <= latest + 3h);
}

TEST_CASE("a deadline at the end of time is not told as one that has passed") {
    manual_clock::set(0ns);
    notes seen;
    pooly::pool<int, manual_clock> db{
        seen.factory(),
        {.size = 1, .start = pooly::start_mode::lazy, .checkout_timeout = std::chrono::nanoseconds::max() - 1ns}};
    const auto earliest = steady_clock::now();
    auto held = db.checkout();
    held.discard();
    REQUIRE(seen.told.size() == 2);
    CHECK(seen.told[0].deadline > earliest);
    CHECK(seen.told[1].deadline > earliest);
}

TEST_CASE("a replacement has at most the default timeout to be made in") {
    notes seen;
    pooly::pool<int> db{seen.factory(), {.size = 1, .checkout_timeout = 1h}};
    auto held = db.checkout();
    const auto earliest = steady_clock::now();
    held.discard();
    const auto latest = steady_clock::now();
    REQUIRE(seen.told.size() == 2);
    CHECK(seen.told[1].deadline >= earliest + 1h);
    CHECK(seen.told[1].deadline <= latest + 1h);
}

#if defined(__cpp_lib_jthread)
TEST_CASE("a factory sees the stop token of the consumer that waits for it") {
    std::stop_source asker;
    std::optional<bool> before, after;
    pooly::pool<int> db{[&](const create_context& context) {
                            before = context.stop.stop_requested();
                            asker.request_stop();
                            after = context.stop.stop_requested();
                            return 1;
                        },
                        {.size = 1, .start = pooly::start_mode::lazy}};
    const auto got = db.try_checkout_for(1h, asker.get_token());
    CHECK(before == false);
    CHECK(after == true);
    CHECK(got.error() == pooly::errc::cancelled);
    CHECK(db.status().idle == 1);  // not lost: made for the next
}

TEST_CASE("a factory sees no stop token where the consumer gave none") {
    notes seen;
    pooly::pool<int> db{seen.factory(), {.size = 1, .start = pooly::start_mode::lazy}};
    const auto held = db.checkout();
    REQUIRE(seen.told.size() == 1);
    CHECK_FALSE(seen.told[0].stop.stop_possible());
}
#endif
