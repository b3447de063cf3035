// SPDX-License-Identifier: MIT
#include <pooly/detail/waiter_queue.hpp>

#include <array>
#include <cstddef>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/lone_waiter.hpp"

using pooly::detail::waiter;
using pooly::detail::waiter_queue;
using pooly::test::lone_waiter;

namespace {

static_assert(noexcept(std::declval<waiter_queue&>().push_back(std::declval<waiter&>())));
static_assert(noexcept(std::declval<waiter_queue&>().erase(std::declval<waiter&>())));
static_assert(noexcept(std::declval<waiter_queue&>().front()) && noexcept(std::declval<waiter_queue&>().size()));

/// Waiters of threads 0, 1, 2 ...
struct four_in_a_queue {
    std::array<lone_waiter, 4> all{lone_waiter{0}, lone_waiter{1}, lone_waiter{2}, lone_waiter{3}};
    waiter_queue queue;
    four_in_a_queue() {
        for (auto& one : all) queue.push_back(one);
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

TEST_CASE("a waiter that left may join again, at the end") {
    four_in_a_queue four;
    four.queue.erase(four.all[1]);
    four.queue.push_back(four.all[1]);
    CHECK(four.turns() == order{0, 2, 3, 1});
    four.queue.push_back(four.all[3]);
    CHECK(four.turns() == order{3});
}

TEST_CASE("a queue can be asked whether somebody in it is of a kind") {
    four_in_a_queue four;
    CHECK(four.queue.any_of([](const waiter& one) { return one.thread() == 3; }));
    CHECK_FALSE(four.queue.any_of([](const waiter& one) { return one.thread() == 4; }));
    CHECK_FALSE(waiter_queue{}.any_of([](const waiter&) { return true; }));
}
