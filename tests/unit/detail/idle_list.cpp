// SPDX-License-Identifier: MIT
#include <pooly/detail/idle_list.hpp>

#include <array>
#include <cstddef>
#include <deque>
#include <random>
#include <utility>

#include "support/catch.hpp"

using pooly::detail::idle_list;
using pooly::detail::slot;

namespace {

static_assert(noexcept(std::declval<idle_list&>().push(std::declval<slot&>())), "a check-in never allocates");
static_assert(noexcept(std::declval<idle_list&>().pop_newest()) && noexcept(std::declval<idle_list&>().pop_oldest()));
static_assert(noexcept(std::declval<idle_list&>().clear()) && noexcept(std::declval<const idle_list&>().empty()));
static_assert(!noexcept(std::declval<idle_list&>().reserve(1)));

}  // namespace

TEST_CASE("the newest is the last that came, the oldest the first") {
    std::array<slot, 3> places;
    idle_list idle;
    idle.reserve(3);
    CHECK(idle.empty());
    for (auto& place : places) idle.push(place);
    CHECK(&idle.pop_newest() == &places[2]);
    CHECK(&idle.pop_oldest() == &places[0]);
    CHECK_FALSE(idle.empty());
    CHECK(&idle.pop_oldest() == &places[1]);
    CHECK(idle.empty());
}

TEST_CASE("any mix of coming and going keeps the order, around the end of the ring, growing and cleared too") {
    std::array<slot, 12> places;
    std::deque<slot*> expected;
    std::deque<slot*> away;
    for (std::size_t i = 0; i < 5; ++i) away.push_back(&places[i]);
    idle_list idle;
    idle.reserve(5);
    std::mt19937 random{5};
    for (int step = 0; step < 5000; ++step) {
        if (step == 2000) {  // more room, while some are in it
            idle.reserve(12);
            for (std::size_t i = 5; i < 12; ++i) away.push_back(&places[i]);
        }
        if (step % 1009 == 1008) {
            idle.clear();
            for (; !expected.empty(); expected.pop_front()) away.push_back(expected.front());
        }
        const auto choice = random() % 4;
        if (choice < 2 && !away.empty()) {
            idle.push(*away.front());
            expected.push_back(away.front());
            away.pop_front();
        } else if (choice == 2 && !expected.empty()) {
            away.push_back(&idle.pop_oldest());
            REQUIRE(away.back() == expected.front());
            expected.pop_front();
        } else if (choice == 3 && !expected.empty()) {
            away.push_back(&idle.pop_newest());
            REQUIRE(away.back() == expected.back());
            expected.pop_back();
        }
        REQUIRE(idle.empty() == expected.empty());
    }
}
