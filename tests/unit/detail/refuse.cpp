// SPDX-License-Identifier: MIT
#include <pooly/detail/refuse.hpp>

#include <stdexcept>

#include "support/catch.hpp"

TEST_CASE("bad input is refused by the name of the field and the reason") {
    CHECK_THROWS_AS(pooly::detail::refuse("size", "must be small"), std::invalid_argument);
    CHECK_THROWS_WITH(pooly::detail::refuse("size", "must be small"), "pooly: size must be small");
}
