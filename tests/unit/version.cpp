// SPDX-License-Identifier: MIT
#include <string>

#include <pooly/version.hpp>

#include "support/catch.hpp"

TEST_CASE("the build carries the version of the header") {
    const std::string header = std::to_string(POOLY_VERSION_MAJOR) + '.' + std::to_string(POOLY_VERSION_MINOR) + '.' +
                               std::to_string(POOLY_VERSION_PATCH);
    CHECK(header == POOLY_TEST_PROJECT_VERSION);
}
