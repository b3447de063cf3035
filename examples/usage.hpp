// SPDX-License-Identifier: MIT
#pragma once

#include <cstdlib>
#include <iostream>
#include <optional>
#include <string_view>

/// Of an example that takes addresses or nothing, and no options; `text` begins with "usage: NAME".
struct usage {
    const char* name;
    int least;  // addresses
    int most;
    const char* text;
};

/// Tells how the example is used where that is asked for, or a command line makes no sense; then it is to end with the
/// status that this returns.
[[nodiscard]] inline std::optional<int> tell_usage(const usage& of, int argc, const char* const* argv) {
    for (int at = 1; at < argc; ++at) {
        const std::string_view argument = argv[at];
        if (argument == "--help" || argument == "-h") {
            std::cout << of.text
                      << "\nExit status: 0 when all was as it should be, 1 when it was not, 2 for bad arguments.\n";
            return EXIT_SUCCESS;
        }
        if (argument.substr(0, 1) == "-") {
            std::cerr << of.name << ": unknown argument '" << argument << "'; try --help\n";
            return 2;
        }
    }
    const int given = argc - 1;
    if (given >= of.least && given <= of.most) return std::nullopt;
    std::cerr << of.name << ": too " << (given < of.least ? "few" : "many") << " arguments; try --help\n";
    return 2;
}
