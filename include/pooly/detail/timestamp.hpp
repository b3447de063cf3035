// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <string>

namespace pooly::detail {

/// ISO 8601 in UTC to the millisecond, rounded down, the same in every locale: `2024-02-29T23:59:59.999Z`.
[[nodiscard]] inline std::string timestamp(std::chrono::system_clock::time_point at) {
    using namespace std::chrono;
    const auto day = floor<days>(at);
    const year_month_day date{day};
    const hh_mm_ss<milliseconds> time{floor<milliseconds>(at - day)};
    std::string text;
    const auto add = [&text](auto number, std::size_t width, const char* behind) {
        const auto digits = std::to_string(number);
        if (digits.size() < width) text.append(width - digits.size(), '0');
        text.append(digits).append(behind);
    };
    add(static_cast<int>(date.year()), 4, "-");
    add(static_cast<unsigned>(date.month()), 2, "-");
    add(static_cast<unsigned>(date.day()), 2, "T");
    add(time.hours().count(), 2, ":");
    add(time.minutes().count(), 2, ":");
    add(time.seconds().count(), 2, ".");
    add(time.subseconds().count(), 3, "Z");
    return text;
}

}  // namespace pooly::detail
