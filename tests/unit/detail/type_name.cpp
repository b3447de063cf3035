// SPDX-License-Identifier: MIT
#include <pooly/detail/type_name.hpp>

#include <string>
#include <vector>

#include "support/catch.hpp"

using pooly::detail::type_name;

namespace type_name_test {

struct plain {};
template <class>
struct of {};
struct looks_like_double_and_more {};

}  // namespace type_name_test

namespace {

struct hidden {};

static_assert(type_name<int>() == "int");
static_assert(type_name<double>() == "double");
static_assert(type_name<type_name_test::plain>() == "type_name_test::plain");
static_assert(type_name<type_name_test::of<int>>() == "type_name_test::of<int>");
static_assert(type_name<type_name_test::looks_like_double_and_more>() == "type_name_test::looks_like_double_and_more");
static_assert(noexcept(type_name<int>()));

}  // namespace

TEST_CASE("a type's name is told as the compiler spells it") {
    CHECK_THAT(std::string{type_name<hidden>()}, Catch::Matchers::EndsWith("::hidden"));
    CHECK_THAT(std::string{type_name<std::vector<int>>()}, Catch::Matchers::StartsWith("std::vector<int"));
}
