// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>

namespace bench {

/// How long and how often to measure.
struct settings {
    bool quick = false;  ///< only see that everything runs; the figures mean nothing
    bool pairs = true;
    bool scarce = true;
    bool contention = true;
    double min_time = 0.03;                             ///< seconds of one repetition of one Google Benchmark
    int contention_rounds = 5;                          ///< every pool once per round
    std::chrono::milliseconds contention_length{1000};  ///< of one pool's turn in a round
};

}  // namespace bench
