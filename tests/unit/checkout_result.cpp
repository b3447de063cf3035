// SPDX-License-Identifier: MIT
#include <pooly/checkout_result.hpp>
#include <pooly/pool.hpp>

#include <exception>
#include <stdexcept>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>

#include "support/catch.hpp"

using pooly::checkout_result;
using pooly::errc;

namespace {

struct worker {
    int value = 7;
};

using result = checkout_result<worker>;

static_assert(std::is_nothrow_move_constructible_v<result> && std::is_nothrow_move_assignable_v<result>);
static_assert(!std::is_copy_constructible_v<result> && !std::is_copy_assignable_v<result>);
static_assert(std::is_nothrow_constructible_v<result, errc, std::exception_ptr>);
static_assert(std::is_nothrow_constructible_v<result, pooly::lease<worker>>);
static_assert(noexcept(static_cast<bool>(std::declval<const result&>())));
static_assert(noexcept(std::declval<const result&>().has_value()));
static_assert(noexcept(std::declval<const result&>().error()));
static_assert(noexcept(std::declval<const result&>().cause()));
static_assert(noexcept(*std::declval<const result&>()));
static_assert(!noexcept(std::declval<result&&>().value()));
static_assert(!std::is_convertible_v<result, bool>, "explicit: a result is not a number");

template <class Result>
concept gives_value = requires(Result result) {
    std::forward<Result>(result).value();
};
static_assert(gives_value<result&&> && !gives_value<result&>,
              "giving the lease away must be seen: std::move(r).value()");

}  // namespace

TEST_CASE("a result with a lease is true, reaches the worker, and has no error") {
    pooly::pool db{[] { return worker{}; }, {.size = 1}};
    const auto got = db.try_checkout();
    REQUIRE(got);
    CHECK(got.has_value());
    CHECK(got->value == 7);
    CHECK((*got).value == 7);
    CHECK(got.error() == std::error_code{});
    CHECK(got.cause() == nullptr);
}

TEST_CASE("a result keeps its worker on loan, and gives it back at its end") {
    pooly::pool db{[] { return worker{}; }, {.size = 1}};
    {
        const auto got = db.try_checkout();
        CHECK(db.status().in_use == 1);
    }
    CHECK(db.status().in_use == 0);
}

TEST_CASE("a result gives its lease away") {
    pooly::pool db{[] { return worker{}; }, {.size = 1}};
    auto got = db.try_checkout();
    const auto* const lent = &*got;
    {
        const auto held = std::move(got).value();
        CHECK(&*held == lent);
        CHECK_FALSE(got);
        CHECK(db.status().in_use == 1);
    }
    CHECK(db.status().in_use == 0);
}

TEST_CASE("a result without a lease is false and says why, for every reason there is") {
    for (int value = static_cast<int>(errc::timeout); value <= static_cast<int>(errc::wrong_type); ++value) {
        const result none{static_cast<errc>(value), nullptr};
        CHECK_FALSE(none);
        CHECK_FALSE(none.has_value());
        CHECK(none.error() == static_cast<errc>(value));
        CHECK(none.error().message() == pooly::pool_category().message(value));
    }
}

TEST_CASE("a result without a lease has the factory's exception as its cause") {
    const auto cause = std::make_exception_ptr(std::runtime_error{"no route to host"});
    const result none{errc::create_failed, cause};
    CHECK(none.cause() == cause);
}

TEST_CASE("the value of a result without a lease is a pool_error with reason, cause and words for both") {
    const auto cause = std::make_exception_ptr(std::runtime_error{"no route to host"});
    try {
        (void)result{errc::create_failed, cause}.value();
        FAIL("it gave a lease");
    } catch (const pooly::pool_error& error) {
        CHECK(error.code() == errc::create_failed);
        CHECK(error.cause() == cause);
        CHECK(std::string{error.what()} == "pooly: a worker could not be made: no route to host");
    }
}

TEST_CASE("the value of a result does not tell an earlier failure of the factory as its reason") {
    CHECK_THROWS_WITH((result{errc::timeout, std::make_exception_ptr(std::runtime_error{"no route to host"})}.value()),
                      "pooly: timed out waiting for a worker; last failure of the factory: no route to host");
}

TEST_CASE("the value of a result that has no cause either says its reason alone") {
    CHECK_THROWS_WITH((result{errc::full, nullptr}.value()), "pooly: every worker is in use");
}

TEST_CASE(
    "a result whose lease was moved out has neither a lease nor a reason, and its value is an error without one") {
    pooly::pool db{[] { return worker{}; }, {.size = 1}};
    auto got = db.try_checkout();
    const auto held = std::move(got).value();
    CHECK_FALSE(got);  // NOLINT: what is left of it is the test
    CHECK(got.error() == std::error_code{});
    try {
        (void)std::move(got).value();
        FAIL("it gave a lease");
    } catch (const pooly::pool_error& error) {
        CHECK(error.code() == errc{});
        CHECK(error.cause() == nullptr);
        CHECK(std::string{error.what()} == "pooly: the result is empty: its lease was moved out");
    }
}

TEST_CASE("a result without a lease tells its reason as often as it is asked") {
    result none{errc::full, nullptr};
    CHECK_THROWS_AS(std::move(none).value(), pooly::pool_error);
    CHECK_THROWS_AS(std::move(none).value(), pooly::pool_error);  // NOLINT
}
