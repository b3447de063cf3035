// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

namespace pooly {

/// The source line that asked for a worker. Stands in for `std::source_location`, which clang 14 does not have.
/// The strings are literals of the program and live as long as it does.
struct call_site {
    const char* file = "";
    const char* function = "";
    std::uint32_t line = 0;

    /// As a default argument this names the line of the caller.
    [[nodiscard]] static constexpr call_site current(const char* file = __builtin_FILE(),
                                                     const char* function = __builtin_FUNCTION(),
                                                     std::uint32_t line = __builtin_LINE()) noexcept {
        return {file, function, line};
    }

    friend bool operator==(const call_site&, const call_site&) = default;
};

/// `file:line (function)`, for people.
[[nodiscard]] inline std::string to_string(const call_site& where) {
    return std::string{where.file} + ':' + std::to_string(where.line) + " (" + where.function + ')';
}

}  // namespace pooly
