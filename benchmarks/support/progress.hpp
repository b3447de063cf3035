// SPDX-License-Identifier: MIT
#pragma once

#include <unistd.h>

#include <cstdio>

namespace bench {

/// Random interleaving reports nothing before everything is measured: on a terminal, say that it is alive.
inline void show_progress(const char* what) {
    static const bool terminal = ::isatty(STDERR_FILENO) == 1;
    static int runs = 0;
    ++runs;
    if (terminal) std::fprintf(stderr, "\rrun %d: %-30s", runs, what);
}

/// Leaves the line to what comes next.
inline void clear_progress() {
    if (::isatty(STDERR_FILENO) == 1) std::fprintf(stderr, "\r%-50s\r", "");
}

}  // namespace bench
