// SPDX-License-Identifier: MIT
#include <pooly/detail/event_queue.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace std::chrono_literals;
namespace events = pooly::events;
using pooly::detail::event_queue;
using time_point = std::chrono::system_clock::time_point;

namespace {

static_assert(noexcept(std::declval<event_queue&>().push(std::declval<const time_point&>(),
                                                         std::declval<events::any&&>())));
static_assert(noexcept(std::declval<event_queue&>().pop()));
static_assert(noexcept(std::declval<const event_queue&>().empty()));
static_assert(noexcept(std::declval<const event_queue&>().dropped()));

template <class Event>
constexpr bool is_plain = std::is_trivially_destructible_v<Event>&& std::is_trivially_copyable_v<Event>;

template <class... Event>
constexpr std::size_t how_many_are_plain(const std::variant<Event...>*) {
    return (std::size_t{is_plain<Event>} + ...);
}
constexpr const events::any* none = nullptr;
static_assert(how_many_are_plain(none) == std::variant_size_v<events::any> - 2,
              "all but two causes are plain data: destroying an event under the lock runs no user code");
static_assert(!is_plain<events::backend_down> && std::is_same_v<decltype(events::backend_down::cause), std::string>);
static_assert(!is_plain<events::discarded> && std::is_same_v<decltype(events::discarded::cause), std::string>);

void push(event_queue& queue, std::uint64_t generation, time_point at = {}) {
    queue.push(at, events::restarted{generation});
}

std::uint64_t generation_of(const event_queue::entry& entry) {
    return std::get<events::restarted>(entry.what).generation;
}

}  // namespace

TEST_CASE("events come out in order with their times, numbered from one") {
    event_queue queue{4};
    CHECK(queue.empty());
    CHECK_FALSE(queue.pop());
    push(queue, 10, time_point{1s});
    queue.push(time_point{2s}, events::backend_down{"a cause too long for any string's own buffer", 1s});
    CHECK_FALSE(queue.empty());
    const auto first = queue.pop();
    REQUIRE(first);
    CHECK(first->number == 1);
    CHECK(first->at == time_point{1s});
    CHECK(generation_of(*first) == 10);
    const auto second = queue.pop();
    REQUIRE(second);
    CHECK(second->number == 2);
    CHECK(second->at == time_point{2s});
    CHECK(std::get<events::backend_down>(second->what).cause == "a cause too long for any string's own buffer");
    CHECK(queue.empty());
    CHECK_FALSE(queue.pop());
    CHECK(queue.dropped() == 0);
}

TEST_CASE("what comes when it is full is dropped and counted, and seen as a gap in the numbers") {
    event_queue queue{2};
    for (std::uint64_t i = 1; i <= 5; ++i) push(queue, i);
    CHECK(queue.dropped() == 3);
    CHECK(queue.pop()->number == 1);
    push(queue, 6);
    CHECK(queue.pop()->number == 2);
    const auto behind_the_gap = queue.pop();
    REQUIRE(behind_the_gap);
    CHECK(behind_the_gap->number == 6);
    CHECK(generation_of(*behind_the_gap) == 6);
    CHECK(queue.empty());
    CHECK(queue.dropped() == 3);
}

TEST_CASE("a queue without room drops all") {
    event_queue queue{0};
    push(queue, 1);
    CHECK(queue.empty());
    CHECK_FALSE(queue.pop());
    CHECK(queue.dropped() == 1);
}

TEST_CASE("any mix of coming and going keeps the order, around the end of the ring") {
    pooly::test::dice dice{pooly::test::seed()};
    event_queue queue{5};
    std::deque<std::uint64_t> expected;
    std::uint64_t dropped = 0;
    for (std::uint64_t number = 1; number <= 5000; ++number) {
        push(queue, number);
        if (expected.size() < 5)
            expected.push_back(number);
        else
            ++dropped;
        for (auto taken = dice(3); taken > 0 && !expected.empty(); --taken) {
            const auto one = queue.pop();
            REQUIRE(one);
            REQUIRE(one->number == expected.front());
            REQUIRE(generation_of(*one) == expected.front());
            expected.pop_front();
        }
        REQUIRE(queue.empty() == expected.empty());
        REQUIRE(queue.dropped() == dropped);
    }
    CHECK(dropped > 0);
}
