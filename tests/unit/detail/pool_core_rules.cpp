// SPDX-License-Identifier: MIT
#include <pooly/detail/pool_core_rules.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <set>
#include <utility>
#include <vector>

#include <pooly/pool.hpp>

#include "support/catch.hpp"
#include "support/manual_clock.hpp"
#include "support/queued_consumer.hpp"
#include "support/waiting.hpp"

using namespace std::chrono_literals;
using pooly::errc;
using pooly::fairness_policy;
using pooly::idle_order;
using pooly::lease;
using pooly::test::manual_clock;
using pooly::test::queued_consumer;

namespace {

auto numbered() {
    return [last = 0]() mutable { return ++last; };
}

template <class Pool>
std::vector<lease<int>> take_all(Pool& db) {
    std::vector<lease<int>> held;
    while (auto got = db.try_checkout()) held.push_back(std::move(got).value());
    return held;
}

std::set<const int*> places_of(const std::vector<lease<int>>& held) {
    std::set<const int*> places;
    for (const auto& one : held) places.insert(one.get());
    return places;
}

std::vector<int> numbers_of(const std::vector<lease<int>>& held) {
    std::vector<int> numbers;
    for (const auto& one : held) numbers.push_back(*one);
    return numbers;
}

}  // namespace

// Which idle one. -----------------------------------------------------------------------------------------------------

TEST_CASE("lifo lends the last returned, all the way down") {
    pooly::pool db{numbered(), {.size = 4, .order = idle_order::lifo}};
    auto held = take_all(db);
    std::vector<int> returned;
    for (const std::size_t i : {2U, 0U, 3U, 1U}) {
        returned.push_back(*held[i]);
        held[i].checkin();
    }
    held = take_all(db);
    CHECK(numbers_of(held) == std::vector<int>{returned[3], returned[2], returned[1], returned[0]});
}

TEST_CASE("fifo lends the one that idles longest, all the way down") {
    pooly::pool db{numbered(), {.size = 4, .order = idle_order::fifo}};
    auto held = take_all(db);
    std::vector<int> returned;
    for (const std::size_t i : {2U, 0U, 3U, 1U}) {
        returned.push_back(*held[i]);
        held[i].checkin();
    }
    held = take_all(db);
    CHECK(numbers_of(held) == returned);
}

TEST_CASE("an exact order holds after workers were replaced, restarted, and the pool was resized") {
    for (const auto order : {idle_order::lifo, idle_order::fifo}) {
        pooly::pool db{numbered(), {.size = 3, .order = order}};
        db.checkout().discard();
        db.restart();
        db.resize(5, 0);
        auto held = take_all(db);
        CHECK(held.size() == 5);
        CHECK(places_of(held).size() == 5);
        std::vector<int> returned;
        for (auto& one : held) {
            returned.push_back(*one);
            one.checkin();
        }
        held = take_all(db);
        if (order == idle_order::lifo) std::reverse(returned.begin(), returned.end());
        CHECK(numbers_of(held) == returned);
    }
}

TEST_CASE("affine lends each thread its own worker again while others come and go") {
    pooly::pool db{numbered(), {.size = 4}};
    const int mine = *db.checkout();
    auto other = pooly::test::elsewhere([&] {
        std::set<int> got;
        for (int i = 0; i < 100; ++i) got.insert(*db.checkout());
        return got.size();
    });
    CHECK(other.get() == 1);
    CHECK(*db.checkout() == mine);
}

TEST_CASE("an index of the idle ones takes over in a large pool that is nearly exhausted, and loses none") {
    constexpr std::size_t size = 300;
    pooly::pool db{numbered(), {.size = size}};
    auto held = take_all(db);
    CHECK(held.size() == size);
    CHECK(places_of(held).size() == size);
    for (int round = 0; round < 3; ++round) {
        const auto few = static_cast<std::size_t>(round) * 7 + 1;
        for (std::size_t i = 0; i < few; ++i) held[(i * 37) % size].checkin();
        CHECK(db.status().idle == few);
        for (int i = 0; i < 100; ++i) CHECK(db.try_checkout());
        for (std::size_t i = 0; i < few; ++i) {
            auto got = db.try_checkout();
            REQUIRE(got);
            held[(i * 37) % size] = std::move(got).value();
        }
        CHECK(db.try_checkout().error() == errc::full);
        CHECK(places_of(held).size() == size);
    }
    held.clear();
    CHECK(db.status().idle == size);
    held = take_all(db);
    CHECK(held.size() == size);
    CHECK(db.stats().created == size);
}

TEST_CASE("a large pool that is nearly exhausted survives a restart, a shrink and its closing") {
    constexpr std::size_t size = 200;
    pooly::pool db{numbered(), {.size = size}};
    auto held = take_all(db);
    held[150].checkin();
    (void)db.try_checkout();  // by the index
    db.restart();
    CHECK(db.status().idle == 1);
    CHECK(db.checkout().info().generation == 1);
    held[7].checkin();
    CHECK(db.status().live == size - 1);
    db.resize(100, 0);
    held.clear();
    CHECK(db.status().live <= 100);
    held = take_all(db);
    CHECK(held.size() == 100);
    db.close();
    held.clear();
    CHECK(db.status().live == 0);
}

// Making one, dismissing one. -----------------------------------------------------------------------------------------

TEST_CASE("an idle worker is lent before an overflow worker is made") {
    pooly::pool db{numbered(), {.size = 2, .max_overflow = 2}};
    const auto one = db.checkout();
    const auto two = db.checkout();
    CHECK(db.stats().created == 2);
    const auto three = db.checkout();
    CHECK(db.stats().created == 3);
    CHECK(db.status().overflow == 1);
}

TEST_CASE("overflow means that none is idle: whichever worker comes home is dismissed until the size is reached") {
    pooly::pool db{numbered(), {.size = 2, .max_overflow = 2}};
    auto held = take_all(db);
    CHECK(held.size() == 4);
    for (std::size_t live = 3; live >= 2; --live) {
        held.erase(held.begin());
        CHECK(db.status().live == live);
        CHECK(db.status().idle == 0);
    }
    held.erase(held.begin());
    CHECK(db.status().live == 2);
    CHECK(db.status().idle == 1);
    CHECK(db.stats().dismissed == 2);
}

TEST_CASE("a worker that is on its way out does not make another one surplus") {
    lease<int> other;
    pooly::pool db{numbered(), {.size = 1, .max_overflow = 1}, {.retire = [&](int&) { other.checkin(); }}};
    auto surplus = db.checkout();
    other = db.checkout();
    surplus.checkin();  // and while it ends the other comes home
    CHECK_FALSE(other);
    CHECK(db.stats().dismissed == 1);
    CHECK(db.status().idle == 1);
}

TEST_CASE("a worker beyond the size is kept while somebody waits for it") {
    pooly::pool db{numbered(), {.size = 1, .max_overflow = 1}};
    auto one = db.checkout();
    const auto two = db.checkout();
    queued_consumer waiting{db};
    one.checkin();
    const auto got = waiting.worker();
    CHECK(*got == 1);
    CHECK(db.stats().dismissed == 0);
    CHECK(db.stats().created == 2);
}

// Who is next. --------------------------------------------------------------------------------------------------------

TEST_CASE("a newcomer does not overtake one who waits, in any order of idle workers") {
    for (const auto order : {idle_order::affine, idle_order::lifo, idle_order::fifo}) {
        pooly::pool db{numbered(), {.size = 1, .order = order}};
        auto held = db.checkout();
        queued_consumer waiting{db};
        held.checkin();
        const auto newcomer = db.try_checkout();  // before or after the waiter woke up
        CHECK(newcomer.error() == errc::full);
        CHECK(waiting.worker());
    }
}

TEST_CASE("barging: one who waited for the limit is handed the worker, and nobody overtakes him") {
    const auto limit = GENERATE(0us, 500us, 50'000us);
    manual_clock::set(1h);
    pooly::pool<int, manual_clock> db{
        numbered(), {.size = 1, .fairness = fairness_policy::bounded_barging, .barging_limit = limit}};
    auto held = db.checkout();
    queued_consumer<int, manual_clock> waiting{db};
    manual_clock::advance(limit);
    held.checkin();
    CHECK(db.try_checkout().error() == errc::full);
    CHECK(waiting.worker());
    CHECK(db.status().idle == 1);
}

TEST_CASE("barging: one who waits for less is served too, when nobody else comes") {
    manual_clock::set(1h);
    pooly::pool<int, manual_clock> db{numbered(), {.size = 1, .fairness = fairness_policy::bounded_barging}};
    auto held = db.checkout();
    queued_consumer<int, manual_clock> first{db};
    queued_consumer<int, manual_clock> second{db};
    held.checkin();
    auto got = first.worker();
    CHECK_FALSE(second.has_answer());
    got.checkin();
    CHECK(second.worker());
    CHECK(db.status().waiting == 0);
}

TEST_CASE("barging: room and replacements go to those who wait, as otherwise") {
    manual_clock::set(1h);
    pooly::pool<int, manual_clock> db{numbered(), {.size = 1, .fairness = fairness_policy::bounded_barging}};
    auto held = db.checkout();
    queued_consumer<int, manual_clock> first{db};
    held.discard();
    auto got = first.worker();
    CHECK(*got == 2);
    queued_consumer<int, manual_clock> second{db};
    db.resize(2, 0);
    CHECK(*second.worker() == 3);
}
