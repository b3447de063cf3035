// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pooly {

/// The source line that asked for a worker. Stands in for `std::source_location`, which clang 14 does not have.
/// The strings are literals of the program and live as long as it does: a pool reads them after the lease has ended,
/// too, to tell who had a worker last. Code that may be unloaded must pass others, which stay.
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

    /// By what the strings say: one line, in a header, has strings of its own in each file that includes it.
    [[nodiscard]] friend constexpr bool operator==(const call_site& one, const call_site& other) noexcept {
        return one.line == other.line && std::string_view{one.file} == other.file &&
               std::string_view{one.function} == other.function;
    }
};

/// `file:line (function)`, for people.
[[nodiscard]] inline std::string to_string(const call_site& where) {
    return std::string{where.file} + ':' + std::to_string(where.line) + " (" + where.function + ')';
}

}  // namespace pooly
