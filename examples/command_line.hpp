// SPDX-License-Identifier: MIT
#pragma once

#include <charconv>
#include <filesystem>
#include <ostream>
#include <string>
#include <string_view>
#include <system_error>

#include "bad_argument.hpp"

/// What the user of the example may ask for.
struct settings {
    int threads = 8;
    int seconds = 3;
    int size = 2;
    int overflow = 3;
    std::string file;  // empty: a temporary one
    bool help = false;
};

inline void print_help(std::ostream& out) {
    out << "usage: quickstart [--threads N] [--seconds N] [--size N] [--overflow N] [--file PATH]\n"
           "\n"
           "Moves money between accounts of a SQLite ledger through a pool of connections, then does the same\n"
           "with one connection per transaction, and checks the books of both.\n"
           "\n"
           "  --threads N   consumers, 1 to 256 (default 8)\n"
           "  --seconds N   how long each of the two runs lasts, 1 to 3600 (default 3)\n"
           "  --size N      connections that the pool keeps, 0 to 100 (default 2)\n"
           "  --overflow N  extra ones for bursts, closed when nobody waits for them, 0 to 100 (default 3)\n"
           "  --file PATH   where to keep the ledger; a new file (default: a temporary one, removed at the end).\n"
           "                PATH-unpooled is the ledger of the second run, and always removed at the end\n"
           "  --help        this text\n"
           "\n"
           "--seconds=2 is as good as --seconds 2.\n"
           "\n"
           "Exit status: 0 when the books balance, 1 when they do not or something failed, 2 for bad arguments.\n";
}

[[nodiscard]] inline int parse_number(const std::string& flag, std::string_view text, int least, int most) {
    int number = 0;
    const auto* const end = text.data() + text.size();
    const auto [stopped, failure] = std::from_chars(text.data(), end, number);
    if (failure != std::errc{} || stopped != end || number < least || number > most)
        throw bad_argument{flag + " takes a whole number from " + std::to_string(least) + " to " +
                           std::to_string(most) + ", not '" + std::string{text} + '\''};
    return number;
}

/// The ledger of the run without a pool: beside the other, so that it is on the same disk.
[[nodiscard]] inline std::string beside(const std::string& path) { return path + "-unpooled"; }

/// Nothing that exists is ever written to, or removed at the end.
[[nodiscard]] inline std::string parse_new_file(const std::string& text) {
    if (text.empty()) throw bad_argument{"--file takes a path, not ''"};
    const auto path = std::filesystem::absolute(text);  // also keeps SQLite from reading a meaning into ':memory:'
    std::error_code unreadable;                         // as good as missing: opening it tells more
    for (const auto& file : {path.string(), beside(path.string())})
        if (std::filesystem::exists(file, unreadable)) throw bad_argument{"--file: '" + file + "' exists already"};
    if (!std::filesystem::is_directory(path.parent_path(), unreadable))
        throw bad_argument{"--file: there is no directory '" + path.parent_path().string() + '\''};
    return path.string();
}

/// Throws `bad_argument`. A value stands behind its flag, or behind `=`. The last of a flag given twice wins; `--help`
/// wins over whatever follows it.
[[nodiscard]] inline settings parse_command_line(int argc, const char* const* argv) {
    settings wanted;
    for (int at = 1; at < argc; ++at) {
        const std::string_view argument = argv[at];
        const auto equals = argument.substr(0, 2) == "--" ? argument.find('=') : std::string_view::npos;
        const std::string flag{argument.substr(0, equals)};
        const auto value = [&]() -> std::string_view {
            if (equals != std::string_view::npos) return argument.substr(equals + 1);
            if (at + 1 == argc) throw bad_argument{flag + " needs a value"};
            return argv[++at];
        };
        if (argument == "--help" || argument == "-h") {
            wanted.help = true;
            return wanted;
        }
        if (flag == "--threads")
            wanted.threads = parse_number(flag, value(), 1, 256);
        else if (flag == "--seconds")
            wanted.seconds = parse_number(flag, value(), 1, 3600);
        else if (flag == "--size")
            wanted.size = parse_number(flag, value(), 0, 100);
        else if (flag == "--overflow")
            wanted.overflow = parse_number(flag, value(), 0, 100);
        else if (flag == "--file")
            wanted.file = parse_new_file(std::string{value()});
        else
            throw bad_argument{"unknown argument '" + std::string{argument} + "'; try --help"};
    }
    if (wanted.size + wanted.overflow == 0)
        throw bad_argument{"--size and --overflow: a pool of no connections at all"};
    return wanted;
}
