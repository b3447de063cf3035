// SPDX-License-Identifier: MIT
#pragma once

#include <unistd.h>

#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <iomanip>
#include <iostream>
#include <sstream>
#include <string>
#include <string_view>

/// One line that is written over and over on a terminal; a line each second where nobody is looking at one.
class progress_line {
public:
    progress_line() : on_terminal_{isatty(STDOUT_FILENO) != 0} {}
    progress_line(const progress_line&) = delete;
    progress_line& operator=(const progress_line&) = delete;
    ~progress_line() {
        if (dirty_) std::cout << std::endl;
    }

    /// How often it is worth calling `show`.
    [[nodiscard]] std::chrono::milliseconds period() const noexcept {
        return on_terminal_ ? std::chrono::milliseconds{100} : std::chrono::milliseconds{1000};
    }

    void show(const std::string& text) {
        if (on_terminal_)
            std::cout << '\r' << text << "\x1b[K" << std::flush;  // the escape clears what a longer line left
        else
            std::cout << text << std::endl;
        dirty_ = on_terminal_;
    }

private:
    bool on_terminal_;
    bool dirty_ = false;
};

/// `1234567` as `1 234 567`.
template <std::integral Number>
[[nodiscard]] std::string grouped(Number number) {
    std::string digits = std::to_string(number);
    const std::ptrdiff_t sign = digits.front() == '-' ? 1 : 0;
    for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > sign; at -= 3)
        digits.insert(static_cast<std::size_t>(at), 1, ' ');
    return digits;
}

[[nodiscard]] inline std::string fixed(double number, int decimals) {
    std::ostringstream text;
    text << std::fixed << std::setprecision(decimals) << number;
    return text.str();
}

/// In the unit that leaves few digits.
[[nodiscard]] inline std::string readable(std::chrono::nanoseconds duration) {
    struct unit {
        double nanoseconds;
        std::string_view name;
    };
    static constexpr std::array units{unit{1e9, " s"}, unit{1e6, " ms"}, unit{1e3, " us"}};
    const auto count = static_cast<double>(duration.count());
    for (const auto& [nanoseconds, name] : units)
        if (count >= nanoseconds) return fixed(count / nanoseconds, 1).append(name);
    return std::to_string(duration.count()) + " ns";
}
