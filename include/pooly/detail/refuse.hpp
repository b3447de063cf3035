// SPDX-License-Identifier: MIT
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace pooly::detail {

/// Bad input has one shape everywhere: `pooly: <field> <why>`.
[[noreturn]] inline void refuse(const char* field, const char* why) {
    throw std::invalid_argument{std::string{"pooly: "} + field + ' ' + why};
}

/// As the other, with what was given and the pool's name if it has one: `(given <value> for pool '<name>')`.
[[noreturn]] inline void refuse(const char* field, const char* why, const std::string& value, const std::string& pool) {
    const auto reason = why + (" (given " + value) + (pool.empty() ? std::string{} : " for pool '" + pool + '\'') + ')';
    refuse(field, reason.c_str());
}

/// A function of C's would take it for the end of the text.
inline void refuse_zero_byte(const char* field, std::string_view text) {
    if (text.find('\0') != text.npos) refuse(field, "must not contain a zero byte");
}

}  // namespace pooly::detail
