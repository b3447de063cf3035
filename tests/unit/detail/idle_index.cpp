// SPDX-License-Identifier: MIT
#include <pooly/detail/idle_index.hpp>

#include <cstddef>
#include <optional>
#include <random>
#include <set>
#include <utility>

#include "support/catch.hpp"

using pooly::detail::idle_index;

namespace {

static_assert(noexcept(std::declval<idle_index&>().add(0)) && noexcept(std::declval<idle_index&>().pop()));
static_assert(noexcept(std::declval<idle_index&>().clear()) && noexcept(std::declval<const idle_index&>().size()));
static_assert(!noexcept(std::declval<idle_index&>().reserve(1)));

}  // namespace

TEST_CASE("an index that nothing was added to has nothing to give") {
    idle_index idle;
    CHECK_FALSE(idle.pop());
    idle.reserve(10'000);
    CHECK_FALSE(idle.pop());
    CHECK(idle.size() == 0);
}

TEST_CASE("an index gives what was added, once, also at the edges of its words") {
    for (const std::size_t index : {0U, 1U, 63U, 64U, 65U, 4095U, 4096U, 4097U, 8191U, 8192U, 9999U}) {
        idle_index idle;
        idle.reserve(10'000);
        idle.add(index);
        CHECK(idle.size() == 1);
        CHECK(idle.pop() == index);
        CHECK(idle.size() == 0);
        CHECK_FALSE(idle.pop());
    }
}

TEST_CASE("what is added twice is there once") {
    idle_index idle;
    idle.reserve(100);
    idle.add(77);
    idle.add(77);
    CHECK(idle.size() == 1);
    CHECK(idle.pop() == std::size_t{77});
    CHECK_FALSE(idle.pop());
}

TEST_CASE("any mix of coming and going gives the lowest that is there") {
    constexpr std::size_t slots = 20'000;
    idle_index idle;
    idle.reserve(slots);
    std::set<std::size_t> expected;
    std::mt19937 random{3};
    for (int step = 0; step < 20'000; ++step) {
        const auto choice = random() % 1000;
        if (choice == 0) {
            idle.clear();
            expected.clear();
        } else if (choice < 550) {
            const auto index = random() % slots;
            idle.add(index);
            expected.insert(index);
        } else {
            const auto got = idle.pop();
            REQUIRE(got.has_value() == !expected.empty());
            if (got) {
                REQUIRE(*got == *expected.begin());
                expected.erase(expected.begin());
            }
        }
        REQUIRE(idle.size() == expected.size());
    }
}

TEST_CASE("an index keeps what it has when it grows") {
    idle_index idle;
    idle.reserve(64);
    idle.add(5);
    idle.add(63);
    idle.reserve(10'000);
    idle.add(9000);
    CHECK(idle.size() == 3);
    CHECK(idle.pop() == std::size_t{5});
    CHECK(idle.pop() == std::size_t{63});
    CHECK(idle.pop() == std::size_t{9000});
}
