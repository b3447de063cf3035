// SPDX-License-Identifier: MIT
#pragma once

#include <stdexcept>
#include <string>

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

}  // namespace pooly::detail
