// SPDX-License-Identifier: MIT
#include <pooly/detail/wake_list.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/lone_waiter.hpp"
#include "support/waiting.hpp"

using namespace std::chrono_literals;
using pooly::detail::clock_source;
using pooly::detail::waiter;
using pooly::detail::wake_list;
using pooly::test::lone_waiter;

namespace {

static_assert(noexcept(std::declval<wake_list&>().add(std::declval<waiter&>())));
static_assert(noexcept(std::declval<wake_list&>().tell_all()));

}  // namespace

TEST_CASE("all those on a wake list are told, once, and may be gone by then") {
    wake_list wakes;
    wakes.tell_all();  // nobody
    std::vector<std::thread> sleepers;
    std::array<waiter*, 3> found{};
    std::atomic<int> ready{0};
    std::atomic<int> told{0};
    for (auto& place : found)
        sleepers.emplace_back([&] {
            std::optional<lone_waiter> one{std::in_place};
            place = &*one;
            ++ready;
            if (one->sleep(clock_source::never)) ++told;
            one.emplace();  // its memory is somebody else's
        });
    pooly::test::wait_until([&] { return ready == 3; });
    for (auto* const one : found) wakes.add(*one);
    wakes.tell_all();
    for (auto& sleeper : sleepers) sleeper.join();
    CHECK(told == 3);
    wakes.tell_all();  // they are gone
}

TEST_CASE("a wake list can be used again") {
    wake_list wakes;
    lone_waiter one, two;
    wakes.add(one);
    wakes.tell_all();
    CHECK(one.sleep(0ns));
    CHECK_FALSE(two.sleep(0ns));
    wakes.add(two);
    wakes.tell_all();
    CHECK(two.sleep(0ns));
}
