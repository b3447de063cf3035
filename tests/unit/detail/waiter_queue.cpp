// SPDX-License-Identifier: MIT
#include <pooly/detail/waiter_queue.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/lone_waiter.hpp"

using namespace std::chrono_literals;
using pooly::detail::clock_source;
using pooly::detail::waiter;
using pooly::detail::waiter_queue;
using pooly::test::lone_waiter;

namespace {

static_assert(noexcept(std::declval<waiter_queue&>().join(std::declval<waiter&>())));
static_assert(noexcept(std::declval<waiter_queue&>().erase(std::declval<waiter&>())));
static_assert(noexcept(std::declval<waiter_queue&>().front()) && noexcept(std::declval<waiter_queue&>().size()));

/// Waiters of threads 0, 1, 2 ... who came one after the other.
struct four_in_a_queue {
    clock_source clock = clock_source::of<std::chrono::steady_clock>();
    std::array<lone_waiter, 4> all{lone_waiter{0, clock, 0s}, lone_waiter{1, clock, 1s}, lone_waiter{2, clock, 2s},
                                   lone_waiter{3, clock, 3s}};
    waiter_queue queue;
    four_in_a_queue() {
        for (auto& one : all) queue.join(one);
    }
    /// Whose turn it is, until nobody is left.
    std::vector<unsigned> turns() {
        std::vector<unsigned> order;
        while (!queue.empty()) {
            order.push_back(static_cast<unsigned>(queue.front().thread()));
            queue.erase(queue.front());
        }
        return order;
    }
};

using order = std::vector<unsigned>;

}  // namespace

TEST_CASE("a queue serves in the order of arrival") {
    four_in_a_queue four;
    CHECK(four.queue.size() == 4);
    CHECK(four.turns() == order{0, 1, 2, 3});
    CHECK(four.queue.size() == 0);
}

TEST_CASE("a waiter may leave from any place in the queue") {
    const std::array<order, 4> left{order{1, 2, 3}, order{0, 2, 3}, order{0, 1, 3}, order{0, 1, 2}};
    for (std::size_t leaver = 0; leaver < 4; ++leaver) {
        four_in_a_queue four;
        four.queue.erase(four.all[leaver]);
        CHECK(four.queue.size() == 3);
        CHECK(four.turns() == left[leaver]);
    }
}

TEST_CASE("who joins a queue again has the place of the time when he came at first") {
    for (std::size_t again = 0; again < 4; ++again) {
        four_in_a_queue four;
        four.queue.erase(four.all[again]);
        four.queue.join(four.all[again]);
        CHECK(four.queue.size() == 4);
        CHECK(four.turns() == order{0, 1, 2, 3});
        four.queue.join(four.all[again]);
        CHECK(four.turns() == order{static_cast<unsigned>(again)});
    }
}

TEST_CASE("of those who came at once the first to join is served first") {
    const auto clock = clock_source::of<std::chrono::steady_clock>();
    std::array<lone_waiter, 3> all{lone_waiter{0, clock, 2s}, lone_waiter{1, clock, 2s}, lone_waiter{2, clock, 1s}};
    waiter_queue queue;
    for (auto& one : all) queue.join(one);
    std::vector<unsigned> turns;
    for (; !queue.empty(); queue.erase(queue.front())) turns.push_back(static_cast<unsigned>(queue.front().thread()));
    CHECK(turns == order{2, 0, 1});
}

TEST_CASE("a queue can be asked whether somebody in it is of a kind") {
    four_in_a_queue four;
    CHECK(four.queue.any_of([](const waiter& one) { return one.thread() == 3; }));
    CHECK_FALSE(four.queue.any_of([](const waiter& one) { return one.thread() == 4; }));
    CHECK_FALSE(waiter_queue{}.any_of([](const waiter&) { return true; }));
}
