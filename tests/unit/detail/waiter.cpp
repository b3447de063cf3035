// SPDX-License-Identifier: MIT
#include <pooly/detail/waiter.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/manual_clock.hpp"
#include "support/waiting.hpp"

using namespace std::chrono_literals;
using pooly::detail::clock_source;
using pooly::detail::waiter;
using pooly::detail::waiter_queue;
using pooly::detail::wake_list;
using pooly::test::elsewhere;
using pooly::test::manual_clock;

namespace {

static_assert(!std::is_copy_constructible_v<waiter> && !std::is_move_constructible_v<waiter>,
              "others know its address");
static_assert(noexcept(std::declval<waiter&>().tell()) && noexcept(std::declval<waiter&>().request_stop()));
static_assert(noexcept(std::declval<waiter_queue&>().push_back(std::declval<waiter&>())));
static_assert(noexcept(std::declval<waiter_queue&>().erase(std::declval<waiter&>())));
static_assert(noexcept(std::declval<wake_list&>().add(std::declval<waiter&>())));
static_assert(noexcept(std::declval<wake_list&>().tell_all()));

const auto steady = clock_source::of<std::chrono::steady_clock>();

/// Waiters of threads 0, 1, 2 ...
struct four_in_a_queue {
    std::array<waiter, 4> all{waiter{0, 0ns}, waiter{1, 1ns}, waiter{2, 2ns}, waiter{3, 3ns}};
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

TEST_CASE("a waiter knows whose it is, since when, and begins unchosen") {
    const waiter one{7, 5ms};
    CHECK(one.thread() == 7);
    CHECK(one.since() == 5ms);
    CHECK(one.chosen == waiter::answer::none);
    CHECK(one.place == nullptr);
}

TEST_CASE("a waiter that was told before it slept does not sleep") {
    waiter one{0, 0ns};
    one.tell();
    CHECK(one.sleep(steady, clock_source::never));
    one.sleep_until_told();
}

TEST_CASE("a waiter that was told is served, though its time is up and a stop was asked for") {
    waiter one{0, 0ns};
    one.request_stop();
    one.tell();
    CHECK(one.sleep(steady, 0ns));
}

TEST_CASE("a waiter sleeps until it is told") {
    waiter one{0, 0ns};
    auto sleeping = elsewhere([&] { return one.sleep(steady, clock_source::never); });
    one.tell();
    CHECK(sleeping.get());
}

TEST_CASE("a waiter that was chosen sleeps until it is told, whatever else happens") {
    waiter one{0, 0ns};
    auto sleeping = elsewhere([&] {
        one.sleep_until_told();
        return true;
    });
    one.request_stop();
    one.tell();
    CHECK(sleeping.get());
}

TEST_CASE("a waiter wakes up when it is asked to stop, before or while it sleeps") {
    waiter early{0, 0ns};
    early.request_stop();
    CHECK_FALSE(early.sleep(steady, clock_source::never));
    waiter late{0, 0ns};
    auto sleeping = elsewhere([&] { return late.sleep(steady, clock_source::never); });
    late.request_stop();
    CHECK_FALSE(sleeping.get());
}

TEST_CASE("a waiter whose time is up does not sleep") {
    waiter one{0, 0ns};
    CHECK_FALSE(one.sleep(steady, 0ns));
    CHECK_FALSE(one.sleep(steady, steady.now()));
}

TEST_CASE("a waiter sleeps until its deadline, on its own clock") {
    manual_clock::set(0ns);
    const auto clock = clock_source::of<manual_clock>();
    waiter one{0, 0ns};
    auto sleeping = elsewhere([&] { return one.sleep(clock, 1h); });
    manual_clock::advance(1h - 1ns);
    manual_clock::advance(1ns);
    CHECK_FALSE(sleeping.get());
}

TEST_CASE("a waiter that was told in vain can wait again") {
    waiter one{0, 0ns};
    one.chosen = waiter::answer::try_again;
    one.tell();
    REQUIRE(one.sleep(steady, clock_source::never));
    one.wait_again();
    CHECK(one.chosen == waiter::answer::none);
    CHECK_FALSE(one.sleep(steady, 0ns));
}

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

TEST_CASE("all those on a wake list are told, once, and may be gone by then") {
    wake_list wakes;
    wakes.tell_all();  // nobody
    std::vector<std::thread> sleepers;
    std::array<waiter*, 3> found{};
    std::atomic<int> ready{0};
    std::atomic<int> told{0};
    for (auto& place : found)
        sleepers.emplace_back([&] {
            waiter one{0, 0ns};
            place = &one;
            ++ready;
            if (one.sleep(steady, clock_source::never)) ++told;
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
    waiter one{0, 0ns}, two{1, 0ns};
    wakes.add(one);
    wakes.tell_all();
    CHECK(one.sleep(steady, 0ns));
    CHECK_FALSE(two.sleep(steady, 0ns));
    wakes.add(two);
    wakes.tell_all();
    CHECK(two.sleep(steady, 0ns));
}
