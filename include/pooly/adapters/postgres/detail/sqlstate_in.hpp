// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace pooly::postgres::detail {

struct told_failure {
    std::string message;
    std::string state;  // the last there was; empty where the server had no say
};

[[nodiscard]] inline bool is_sqlstate(std::string_view text) noexcept {
    return text.size() == 5 && std::all_of(text.begin(), text.end(), [](char each) {
               return (each >= '0' && each <= '9') || (each >= 'A' && each <= 'Z');
           });
}

/// `LOCATION:  auth_failed, auth.c:338`, in whatever language: where in the server's source it was.
[[nodiscard]] inline bool is_location(std::string_view line) noexcept {
    const auto label = line.find(":  ");
    const auto comma = line.rfind(", ");
    const auto colon = line.rfind(':');
    if (label == line.npos || comma == line.npos || colon == line.npos || comma < label || colon < comma) return false;
    const auto number = line.substr(colon + 1);
    return line.find(' ', label + 3) == comma + 1 && !number.empty() &&
           std::all_of(number.begin(), number.end(), [](char each) { return each >= '0' && each <= '9'; });
}

/// Takes a verbose message of libpq's apart: `FATAL:  28P01: password ...` becomes the state, and the message as it
/// would be without it.
[[nodiscard]] inline told_failure take_sqlstate(std::string_view verbose) {
    told_failure told;
    while (!verbose.empty()) {
        const auto end = std::min(verbose.find('\n'), verbose.size());
        std::string line{verbose.substr(0, end)};
        verbose.remove_prefix(std::min(end + 1, verbose.size()));
        if (line.empty() || is_location(line)) continue;
        for (auto at = line.find(":  "); at != line.npos; at = line.find(":  ", at + 1)) {
            if (at + 10 > line.size() || line.compare(at + 8, 2, ": ") != 0) continue;
            if (!is_sqlstate(std::string_view{line}.substr(at + 3, 5))) continue;
            told.state = line.substr(at + 3, 5);
            line.erase(at + 3, 7);
            break;
        }
        if (!told.message.empty()) told.message += '\n';
        told.message += line;
    }
    return told;
}

}  // namespace pooly::postgres::detail
