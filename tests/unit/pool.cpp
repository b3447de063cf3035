// SPDX-License-Identifier: MIT
#include <pooly/pool.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/manual_clock.hpp"

using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using pooly::pool;
using pooly::pool_options;

namespace {

int make_number() { return 42; }
int make_in_time(const pooly::create_context&) { return 43; }

struct only_movable_factory {
    std::unique_ptr<int> number = std::make_unique<int>(44);
    int operator()() const { return *number; }
};

struct immovable {
    int value;
    explicit immovable(int with) : value{with} {}
    immovable(const immovable&) = delete;
    immovable& operator=(const immovable&) = delete;
};

struct alignas(256) wide {
    char c = 'w';
};

struct throws_when_built {
    throws_when_built() { throw std::runtime_error{"will not be built"}; }
};

// What a pool is and is not. What takes a lock may throw (std::mutex may); what must not, does not.
using pool_of_ints = pool<int>;
static_assert(!std::is_copy_constructible_v<pool_of_ints> && !std::is_move_constructible_v<pool_of_ints>);
static_assert(!std::is_copy_assignable_v<pool_of_ints> && !std::is_move_assignable_v<pool_of_ints>);
static_assert(std::is_nothrow_destructible_v<pool_of_ints>);
static_assert(!std::is_convertible_v<int (*)(), pool_of_ints>, "explicit: a factory is not a pool");
static_assert(std::is_same_v<pool_of_ints::worker_type, int>);
static_assert(std::is_same_v<pool_of_ints::clock, std::chrono::steady_clock>);
static_assert(std::is_same_v<pool<int, pooly::test::manual_clock>::time_point, pooly::test::manual_clock::time_point>);

static_assert(noexcept(std::declval<pool_of_ints&>().close()));
static_assert(noexcept(std::declval<pool_of_ints&>().suspend()));
static_assert(noexcept(std::declval<pool_of_ints&>().resume()));
static_assert(!noexcept(std::declval<pool_of_ints&>().checkout()));
static_assert(!noexcept(std::declval<pool_of_ints&>().checkout_for(1s)));
static_assert(!noexcept(std::declval<pool_of_ints&>().checkout_until(pool_of_ints::time_point{})));
static_assert(!noexcept(std::declval<pool_of_ints&>().try_checkout()));
static_assert(!noexcept(std::declval<pool_of_ints&>().begin()));
static_assert(!noexcept(std::declval<pool_of_ints&>().drain_for(1s)));
static_assert(!noexcept(std::declval<pool_of_ints&>().restart()));
static_assert(!noexcept(std::declval<pool_of_ints&>().resize(1, 1)));
static_assert(!noexcept(std::declval<pool_of_ints&>().prewarm()));
static_assert(!noexcept(std::declval<const pool_of_ints&>().status()));

// Looking needs no more than a const pool.
template <class Pool>
concept can_be_looked_at = requires(const Pool& db) {
    { db.status() } -> std::same_as<pooly::pool_status>;
    { db.stats() } -> std::same_as<pooly::pool_stats>;
    { db.holders() } -> std::same_as<std::vector<pooly::holder_info>>;
    { db.options() } -> std::same_as<pool_options>;
};
static_assert(can_be_looked_at<pool_of_ints>);

template <class Pool>
concept can_be_borrowed_from = requires(Pool& db) {
    db.checkout();
};
static_assert(can_be_borrowed_from<pool_of_ints> && !can_be_borrowed_from<const pool_of_ints>);

}  // namespace

TEST_CASE("a pool's type is known by its factory, whatever that is") {
    pool of_lambda{[] { return 1; }};
    static_assert(std::is_same_v<decltype(of_lambda), pool<int>>);
    pool of_function{make_number};
    static_assert(std::is_same_v<decltype(of_function), pool<int>>);
    pool of_pointer{&make_in_time};
    static_assert(std::is_same_v<decltype(of_pointer), pool<int>>);
    const std::function<std::string()> kept = [] { return std::string{"kept"}; };
    pool of_kept{kept, {.size = 1}};
    static_assert(std::is_same_v<decltype(of_kept), pool<std::string>>);
    pool of_movable{only_movable_factory{}};
    static_assert(std::is_same_v<decltype(of_movable), pool<int>>);
    pool of_context{[](const pooly::create_context&) { return std::string{"in time"}; }, {.size = 1}, {}};
    static_assert(std::is_same_v<decltype(of_context), pool<std::string>>);
    CHECK(*of_lambda.checkout() == 1);
    CHECK(*of_function.checkout() == 42);
    CHECK(*of_pointer.checkout() == 43);
    CHECK(*of_kept.checkout() == "kept");
    CHECK(*of_movable.checkout() == 44);
    CHECK(*of_context.checkout() == "in time");
}

TEST_CASE("a factory that is not given away stays with its owner, and the pool has a copy") {
    auto factory = [number = 0]() mutable { return ++number; };
    pool db{factory, {.size = 2}};
    CHECK(factory() == 1);
    CHECK(db.stats().created == 2);
}

TEST_CASE("a factory that is a reference to one is called through it") {
    auto factory = [number = 0]() mutable { return ++number; };
    pool db{std::ref(factory), {.size = 2}};
    CHECK(factory() == 3);
}

TEST_CASE("a worker may be neither copyable nor movable, and stays where it is") {
    pool db{[] { return immovable{7}; }, {.size = 1}};
    const immovable* where = nullptr;
    {
        const auto held = db.checkout();
        where = held.get();
        CHECK(held->value == 7);
    }
    db.resize(20, 0);
    CHECK(db.checkout().get() == where);
}

TEST_CASE("a worker lies where its type wants to lie, however wide") {
    pool db{[] { return wide{}; }, {.size = 3, .max_overflow = 2}};
    std::vector<pooly::lease<wide>> held;
    while (auto got = db.try_checkout()) held.push_back(std::move(got).value());
    CHECK(held.size() == 5);
    for (const auto& one : held) {
        CHECK(reinterpret_cast<std::uintptr_t>(one.get()) % alignof(wide) == 0);
        CHECK(one->c == 'w');
    }
}

TEST_CASE("a worker whose constructor throws is a worker that could not be made") {
    const auto factory = [] { return throws_when_built{}; };
    CHECK_THROWS_WITH((pool{factory}), "will not be built");
    pool lazy{factory, {.size = 1, .start = pooly::start_mode::lazy}};
    const auto none = lazy.try_checkout();
    CHECK(none.error() == pooly::errc::create_failed);
    CHECK_THROWS_WITH(std::rethrow_exception(none.cause()), "will not be built");
    CHECK(lazy.status().live == 0);
}

TEST_CASE("options that make no sense are refused by name before anything is made") {
    int made = 0;
    const auto factory = [&] { return ++made; };
    CHECK_THROWS_WITH((pool{factory, {.size = static_cast<std::size_t>(-1)}}), ContainsSubstring("size"));
    CHECK_THROWS_WITH((pool{factory, {.checkout_timeout = -1s}}), ContainsSubstring("checkout_timeout"));
    CHECK_THROWS_AS((pool{factory, {.max_overflow = static_cast<std::size_t>(-1)}}), std::invalid_argument);
    CHECK(made == 0);
}

TEST_CASE("an empty factory is refused by name") {
    CHECK_THROWS_AS((pool{std::function<int()>{}}), std::invalid_argument);
    CHECK_THROWS_WITH((pool{std::function<int()>{}}), "pooly: factory must not be empty");
    int (*null)() = nullptr;
    CHECK_THROWS_WITH((pool{null}), "pooly: factory must not be empty");
    CHECK_THROWS_WITH((pool{std::function<int(const pooly::create_context&)>{}, {.start = pooly::start_mode::lazy}}),
                      "pooly: factory must not be empty");
}

TEST_CASE("a pool without a name is told as one in what it throws") {
    pool db{[] { return 1; }, {.size = 0}};
    CHECK_THROWS_WITH(db.checkout(), ContainsSubstring("pool (unnamed)"));
    pool named{[] { return 1; }, {.name = "db", .size = 0}};
    CHECK_THROWS_WITH(named.checkout(), ContainsSubstring("pool 'db'"));
}

TEST_CASE("what a check-out throws is a pool_error, with the factory's exception as its cause") {
    pool<int> db{[]() -> int { throw std::logic_error{"no route"}; }, {.size = 1, .start = pooly::start_mode::lazy}};
    try {
        (void)db.checkout();
        FAIL("it got a worker");
    } catch (const pooly::pool_error& error) {
        CHECK(error.code() == pooly::errc::create_failed);
        REQUIRE(error.cause() != nullptr);
        CHECK_THROWS_AS(std::rethrow_exception(error.cause()), std::logic_error);
    }
}

TEST_CASE("hooks win over the traits of the worker's type, and come with the pool") {
    int resets = 0;
    pool db{[] { return 1; }, {.size = 1}, {.reset = [&](int&) { ++resets; }}};
    db.checkout().checkin();
    CHECK(resets == 1);
}

TEST_CASE("a pool may be const to those who only look") {
    const pool db{[] { return 1; }, {.name = "db", .size = 2}};
    CHECK(db.status().idle == 2);
    CHECK(db.stats().created == 2);
    CHECK(db.holders().empty());
    CHECK(db.options().name == "db");
}
