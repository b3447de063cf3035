// SPDX-License-Identifier: MIT
#pragma once

// Catch2 2 and 3 behind one include; tests spell everything as Catch2 3 does.
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <string>

#include <catch2/catch.hpp>

namespace Catch::Matchers {

[[nodiscard]] inline auto ContainsSubstring(const std::string& part) { return Contains(part); }

}  // namespace Catch::Matchers
#endif
