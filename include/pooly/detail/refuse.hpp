// SPDX-License-Identifier: MIT
#pragma once

#include <stdexcept>
#include <string>

namespace pooly::detail {

/// Bad input has one shape everywhere: `pooly: <field> <why>`.
[[noreturn]] inline void refuse(const char* field, const char* why) {
    throw std::invalid_argument{std::string{"pooly: "} + field + ' ' + why};
}

}  // namespace pooly::detail
