// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <string>
#include <utility>

namespace pooly::detail {

/// With spaces for control characters, which a name or the text of an exception may hold: a line of a log stays one.
[[nodiscard]] inline std::string one_line(std::string text) {
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; };
    std::replace_if(text.begin(), text.end(), is_control, ' ');
    return text;
}

}  // namespace pooly::detail
