// SPDX-License-Identifier: MIT
#pragma once

#include <ostream>
#include <string>
#include <string_view>

#include "../bad_argument.hpp"

/// What the user of the example may ask for.
struct settings {
    bool quiet = false;
    bool verbose = false;
    bool help = false;
};

inline void print_help(std::ostream& out) {
    out << "usage: chuck_norris [--quiet | --verbose]\n"
           "\n"
           "Two pools of threads, \"ChuckNorris\" and \"StarWars\", in a registry. Everything in and around the first "
           "is\n"
           "killed, hung, failed or restarted, one after the other; it recovers by itself, and the second one serves\n"
           "all the time.\n"
           "\n"
           "  --quiet    only how it ended\n"
           "  --verbose  also what the pools tell their observer\n"
           "  --help     this text\n"
           "\n"
           "Exit status: 0 when all promises were kept, 1 when one was broken or something failed, 2 for bad "
           "arguments.\n";
}

/// Throws `bad_argument`. `--help` wins over whatever follows it.
[[nodiscard]] inline settings parse_command_line(int argc, const char* const* argv) {
    settings wanted;
    for (int at = 1; at < argc; ++at) {
        const std::string_view argument = argv[at];
        if (argument == "--help" || argument == "-h") {
            wanted.help = true;
            return wanted;
        }
        if (argument == "--quiet")
            wanted.quiet = true;
        else if (argument == "--verbose")
            wanted.verbose = true;
        else
            throw bad_argument{"unknown argument '" + std::string{argument} + "'; try --help"};
        if (wanted.quiet && wanted.verbose) throw bad_argument{"--quiet and --verbose: one or the other"};
    }
    return wanted;
}
