// SPDX-License-Identifier: MIT
#pragma once

// Catch2 2 and 3 behind one include; tests spell everything as Catch2 3 does.
#include <concepts>
#include <sstream>
#include <string>

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>

namespace Catch::Matchers {

[[nodiscard]] inline auto ContainsSubstring(const std::string& part) { return Contains(part); }

}  // namespace Catch::Matchers
#endif

namespace pooly {
struct pool_status;
}

/// So that a test that fails says what it saw; for those that include it.
template <std::same_as<pooly::pool_status> Status>
struct Catch::StringMaker<Status, void> {
    static std::string convert(const Status& seen) {
        std::ostringstream text;
        text << "state " << static_cast<int>(seen.state) << ": idle " << seen.idle << ", in use " << seen.in_use
             << ", making " << seen.making << ", checking " << seen.checking << ", retiring " << seen.retiring
             << ", live " << seen.live << ", overflow " << seen.overflow << ", waiting " << seen.waiting << ", late "
             << seen.late << (seen.backend_down ? ", backend down" : "");
        return text.str();
    }
};
