// SPDX-License-Identifier: MIT
#include <pooly/error.hpp>

#include <exception>
#include <set>
#include <stdexcept>
#include <string>
#include <system_error>
#include <type_traits>

#include "support/catch.hpp"

using pooly::errc;
using pooly::pool_error;

namespace {

static_assert(std::is_error_code_enum_v<errc>);
static_assert(noexcept(pooly::pool_category()));
static_assert(noexcept(pooly::make_error_code(errc::full)));
static_assert(std::is_base_of_v<std::system_error, pool_error>);
static_assert(std::is_nothrow_copy_constructible_v<pool_error>, "a throwing copy of an exception would terminate");
static_assert(std::is_nothrow_copy_assignable_v<pool_error>);
static_assert(std::is_nothrow_destructible_v<pool_error>);
static_assert(!std::is_nothrow_constructible_v<pool_error, errc, std::string>, "it allocates for its text");

constexpr int first = static_cast<int>(errc::timeout);
constexpr int last = static_cast<int>(errc::wrong_type);

}  // namespace

TEST_CASE("every errc has a message of its own") {
    std::set<std::string> messages;
    for (int value = first; value <= last; ++value) messages.insert(pooly::pool_category().message(value));
    CHECK(messages.size() == static_cast<std::size_t>(last));
    CHECK(messages.count("unknown pooly error") == 0);
    CHECK(messages.count("") == 0);
}

TEST_CASE("no errc is zero, which would mean success") { CHECK(first == 1); }

TEST_CASE("a value that is no errc is told as unknown") {
    CHECK(pooly::pool_category().message(0) == "unknown pooly error");
    CHECK(pooly::pool_category().message(last + 1) == "unknown pooly error");
    CHECK(pooly::pool_category().message(-1) == "unknown pooly error");
}

TEST_CASE("an errc becomes an error code of the category pooly") {
    const std::error_code code = errc::closed;
    CHECK(code == errc::closed);
    CHECK(code != errc::full);
    CHECK(code.value() == static_cast<int>(errc::closed));
    CHECK(std::string{code.category().name()} == "pooly");
    CHECK(&code.category() == &pooly::pool_category());
    CHECK(code.message() == "the pool is closed");
}

TEST_CASE("a pool error says exactly the text it was given") {
    const pool_error error{errc::timeout, "pooly: pool 'db': nobody came"};
    CHECK(std::string{error.what()} == "pooly: pool 'db': nobody came");
    CHECK(error.code() == errc::timeout);
    CHECK(error.cause() == nullptr);
}

TEST_CASE("a pool error carries the factory's exception unchanged") {
    const auto cause = std::make_exception_ptr(std::runtime_error{"no route to host"});
    const pool_error error{errc::create_failed, "text", cause};
    CHECK(error.cause() == cause);
    CHECK_THROWS_WITH(std::rethrow_exception(error.cause()), "no route to host");
}

TEST_CASE("a copy of a pool error says the same and outlives the original") {
    auto original = std::make_unique<pool_error>(errc::full, "every worker is out",
                                                 std::make_exception_ptr(std::runtime_error{"cause"}));
    const pool_error copy = *original;
    const auto cause = original->cause();
    original.reset();
    CHECK(std::string{copy.what()} == "every worker is out");
    CHECK(copy.code() == errc::full);
    CHECK(copy.cause() == cause);
}

TEST_CASE("a pool error is caught as system_error and as exception") {
    CHECK_THROWS_AS(throw pool_error(errc::full, "x"), std::system_error);
    CHECK_THROWS_AS(throw pool_error(errc::full, "x"), std::runtime_error);
    CHECK_THROWS_WITH(throw pool_error(errc::full, "x"), "x");
}
