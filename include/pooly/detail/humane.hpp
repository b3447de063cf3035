// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <locale>
#include <sstream>
#include <string>

namespace pooly::detail {

/// A duration as a person would say it.
[[nodiscard]] inline std::string humane(std::chrono::nanoseconds duration) {
    using namespace std::chrono;
    const auto count = duration.count();
    const auto in = [&](double unit, const char* name) {
        std::ostringstream out;
        out.imbue(std::locale::classic());
        out.precision(3);
        out << static_cast<double>(count) / unit << name;
        return out.str();
    };
    const auto truncated = [&](nanoseconds unit, const char* name) {  // a decimal where it tells something
        const auto tenths = duration / (unit / 10);
        auto text = std::to_string(tenths / 10);
        if (tenths < 100 && tenths % 10 != 0) text += '.' + std::to_string(tenths % 10);
        return text + name;
    };
    if (count < 0) return "0 s";
    if (count < 1'000) return std::to_string(count) + " ns";
    if (count < 999'500)
        return in(1e3, " us");  // three digits; what would be rounded up to 1000 is told in the next unit
    if (count < 999'500'000) return in(1e6, " ms");
    if (duration < minutes{2}) return in(1e9, " s");
    if (duration < hours{2}) return truncated(minutes{1}, " min");
    if (duration < days{2}) return truncated(hours{1}, " h");
    return truncated(days{1}, " d");
}

}  // namespace pooly::detail
