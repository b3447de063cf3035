// SPDX-License-Identifier: MIT
#pragma once

#include <charconv>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>

#include "bad_argument.hpp"

namespace peers {

/// One measurement. The drivers of all peers take the same flags.
struct settings {
    std::string pool;
    std::size_t size = 8;
    int clients = 1;
    std::chrono::microseconds hold{0};
    bool busy = false;  ///< computes while it holds; otherwise sleeps
    std::chrono::milliseconds length{1000};
    std::chrono::milliseconds warm_up{500};
};

[[nodiscard]] inline int parse_number(std::string_view flag, std::string_view text, int least, int most) {
    int number = 0;
    const char* const end = text.data() + text.size();
    const auto [stopped, failure] = std::from_chars(text.data(), end, number);
    if (failure != std::errc{} || stopped != end || number < least || number > most)
        throw bad_argument{std::string{flag} + " takes a whole number from " + std::to_string(least) + " to " +
                           std::to_string(most) + ", not '" + std::string{text} + '\''};
    return number;
}

/// Throws `bad_argument`.
[[nodiscard]] inline settings parse_command_line(int argc, const char* const* argv) {
    settings wanted;
    for (int at = 1; at < argc; ++at) {
        const std::string_view argument{argv[at]};
        const auto equals = argument.find('=');
        const auto flag = argument.substr(0, equals);
        const auto value = equals == std::string_view::npos ? std::string_view{} : argument.substr(equals + 1);
        const auto number = [&](int least, int most) { return parse_number(flag, value, least, most); };
        if (flag == "--pool")
            wanted.pool = value;
        else if (flag == "--size")
            wanted.size = static_cast<std::size_t>(number(1, 10'000));
        else if (flag == "--clients")
            wanted.clients = number(1, 10'000);
        else if (flag == "--hold_us")
            wanted.hold = std::chrono::microseconds{number(0, 1'000'000)};
        else if (argument == "--busy")
            wanted.busy = true;
        else if (flag == "--ms")
            wanted.length = std::chrono::milliseconds{number(1, 3'600'000)};
        else if (flag == "--warm_up_ms")
            wanted.warm_up = std::chrono::milliseconds{number(1, 3'600'000)};
        else
            throw bad_argument{"unknown argument '" + std::string{argument} + '\''};
    }
    return wanted;
}

}  // namespace peers
