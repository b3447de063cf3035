// SPDX-License-Identifier: MIT
#pragma once

#include <cstdio>
#include <cstdlib>

#include "support/worker.hpp"

namespace pooly::test {

/// Counts the workers of static pools; ends the process with 3 if any is left when all statics that were made after the
/// first call are gone.
[[nodiscard]] inline backend& alive_at_exit() {
    struct tally {
        backend at;
        ~tally() {
            std::fprintf(stderr, "alive at the very end: %d of %d\n", at.alive.load(), at.made.load());
            if (at.alive != 0) std::_Exit(3);
        }
    };
    static tally all;
    return all.at;
}

}  // namespace pooly::test
