// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>

#include <pooly/pool_options.hpp>

namespace pooly::test {

/// For tests of other things: any number of workers may die, a failed attempt to make one keeps nobody from the next,
/// and no watchdog makes what is missing.
[[nodiscard]] inline pool_options unsupervised(pool_options options) {
    options.max_restarts = pool_options::unlimited;
    options.health_interval = std::chrono::nanoseconds::zero();
    options.backoff_base = std::chrono::nanoseconds::zero();
    return options;
}

}  // namespace pooly::test
