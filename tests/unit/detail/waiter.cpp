// SPDX-License-Identifier: MIT
#include <pooly/detail/waiter.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "support/catch.hpp"
#include "support/lone_waiter.hpp"
#include "support/manual_clock.hpp"
#include "support/waiting.hpp"

using namespace std::chrono_literals;
using pooly::detail::clock_source;
using pooly::detail::waiter;
using pooly::test::elsewhere;
using pooly::test::lone_waiter;
using pooly::test::manual_clock;

namespace {

static_assert(!std::is_copy_constructible_v<waiter> && !std::is_move_constructible_v<waiter>,
              "others know its address");
static_assert(noexcept(std::declval<waiter&>().tell()) && noexcept(std::declval<waiter&>().request_stop()));
static_assert(noexcept(std::declval<waiter&>().wait_again()) && noexcept(std::declval<const waiter&>().waited()));

}  // namespace

TEST_CASE("a waiter knows whose it is, in which pool, since when, and begins unchosen") {
    manual_clock::set(5ms);
    pooly::detail::control_block block;
    const waiter one{block, clock_source::of<manual_clock>(), std::make_shared<const std::string>("db"), 7, 5ms};
    manual_clock::advance(3s);
    CHECK(one.thread() == 7);
    CHECK(one.since() == 5ms);
    CHECK(one.waited() == 3s);
    CHECK(one.pool_name() == "db");
    CHECK(&one.control() == &block);
    CHECK(one.chosen == waiter::answer::none);
    CHECK(one.place == nullptr);
}

TEST_CASE("a waiter that was told before it slept does not sleep") {
    lone_waiter one;
    one.tell();
    CHECK(one.sleep(clock_source::never));
    one.sleep_until_told();
}

TEST_CASE("a waiter that was told is served, though its time is up and a stop was asked for") {
    lone_waiter one;
    one.request_stop();
    one.tell();
    CHECK(one.sleep(0ns));
}

TEST_CASE("a waiter sleeps until it is told") {
    lone_waiter one;
    auto sleeping = elsewhere([&] { return one.sleep(clock_source::never); });
    one.tell();
    CHECK(sleeping.get());
}

TEST_CASE("a waiter that was chosen sleeps until it is told, whatever else happens") {
    lone_waiter one;
    auto sleeping = elsewhere([&] {
        one.sleep_until_told();
        return true;
    });
    one.request_stop();
    one.tell();
    CHECK(sleeping.get());
}

TEST_CASE("a waiter wakes up when it is asked to stop, before or while it sleeps") {
    lone_waiter early;
    early.request_stop();
    CHECK_FALSE(early.sleep(clock_source::never));
    lone_waiter late;
    auto sleeping = elsewhere([&] { return late.sleep(clock_source::never); });
    late.request_stop();
    CHECK_FALSE(sleeping.get());
}

TEST_CASE("a waiter whose time is up does not sleep") {
    lone_waiter one;
    CHECK_FALSE(one.sleep(0ns));
    CHECK_FALSE(one.sleep(one.since()));
}

TEST_CASE("a waiter sleeps until its deadline, on its own clock") {
    manual_clock::set(0ns);
    lone_waiter one{0, clock_source::of<manual_clock>()};
    auto sleeping = elsewhere([&] { return one.sleep(1h); });
    manual_clock::advance(1h - 1ns);
    manual_clock::advance(1ns);
    CHECK_FALSE(sleeping.get());
}

TEST_CASE("a waiter that was told in vain can wait again") {
    lone_waiter one;
    one.chosen = waiter::answer::try_again;
    one.tell();
    REQUIRE(one.sleep(clock_source::never));
    one.wait_again();
    CHECK(one.chosen == waiter::answer::none);
    CHECK_FALSE(one.sleep(0ns));
}
