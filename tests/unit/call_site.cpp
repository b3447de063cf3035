// SPDX-License-Identifier: MIT
#include <pooly/call_site.hpp>

#include <string>
#include <type_traits>

#include "support/catch.hpp"

namespace {

pooly::call_site asked_from(const pooly::call_site& where = pooly::call_site::current()) { return where; }

static_assert(noexcept(pooly::call_site::current()));
static_assert(std::is_trivially_copyable_v<pooly::call_site>, "it is stored at every check-out");
static_assert(pooly::call_site::current().line == __LINE__, "known when the program is compiled");

}  // namespace

TEST_CASE("a call site as default argument names the line of the caller") {
    const auto where = asked_from();
    CHECK(where.line == __LINE__ - 1);
    CHECK(std::string{where.file} == __FILE__);
    CHECK(std::string{where.function} == __func__);
}

TEST_CASE("a call site reads file:line (function)") {
    CHECK(pooly::to_string({"orders.cpp", "place_order", 42}) == "orders.cpp:42 (place_order)");
}

TEST_CASE("a call site that nobody filled in is empty and can be told") { CHECK(pooly::to_string({}) == ":0 ()"); }

TEST_CASE("call sites are equal when all they say is, wherever the strings are") {
    const pooly::call_site one{"a.hpp", "f", 1};
    const std::string file = one.file;
    const std::string function = one.function;
    CHECK(one == pooly::call_site{file.c_str(), function.c_str(), 1});
    CHECK(one != pooly::call_site{"b.hpp", one.function, 1});
    CHECK(one != pooly::call_site{one.file, "g", 1});
    CHECK(one != pooly::call_site{one.file, one.function, 2});
}
