// SPDX-License-Identifier: MIT
#include <pooly/detail/registry_errors.hpp>

#include <string>
#include <vector>

#include "support/catch.hpp"

using Catch::Matchers::ContainsSubstring;
using namespace pooly::detail;

namespace {

/// "1000" and up: sorted.
std::vector<std::string> numbers(int count) {
    std::vector<std::string> all;
    for (int i = 0; i < count; ++i) all.push_back(std::to_string(1000 + i));
    return all;
}

std::string text(const char* name, int count) { return no_such_pool(name, numbers(count)).what(); }

}  // namespace

TEST_CASE("of very many names those next to the missing one are told, and how many more there are") {
    CHECK_THAT(text("x", 20), ContainsSubstring("there are '1000', ") && ContainsSubstring(", '1019'. Add"));
    CHECK_THAT(text("1500a", 1000),
               ContainsSubstring("there are '1491', ") && ContainsSubstring("'1510' and 980 more. Add"));
    CHECK_THAT(text("0", 21), ContainsSubstring("are '1000', ") && ContainsSubstring("'1019' and 1 more"));
    CHECK_THAT(text("z", 21), ContainsSubstring("are '1001', ") && ContainsSubstring("'1020' and 1 more"));
}

TEST_CASE("what a registry throws has the code of its text") {
    CHECK(no_such_pool("x", {}).code() == pooly::errc::no_such_pool);
    CHECK(name_taken("x").code() == pooly::errc::name_taken);
    CHECK(wrong_type("x", "int", "long").code() == pooly::errc::wrong_type);
    CHECK(registry_closed("x").code() == pooly::errc::closed);
}
