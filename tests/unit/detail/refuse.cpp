// SPDX-License-Identifier: MIT
#include <pooly/detail/refuse.hpp>

#include <stdexcept>

#include "support/catch.hpp"

TEST_CASE("bad input is refused by the name of the field and the reason") {
    CHECK_THROWS_AS(pooly::detail::refuse("size", "must be small"), std::invalid_argument);
    CHECK_THROWS_WITH(pooly::detail::refuse("size", "must be small"), "pooly: size must be small");
}

TEST_CASE("a refusal tells what was given, and to which pool if it has a name") {
    CHECK_THROWS_WITH(pooly::detail::refuse("size", "must be small", "7", ""), "pooly: size must be small (given 7)");
    CHECK_THROWS_WITH(pooly::detail::refuse("size", "must be small", "7", "db"),
                      "pooly: size must be small (given 7 for pool 'db')");
}
