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
    bool waiting = true;
    bool handoff = true;
    bool growth = true;
    bool registry = true;
    bool supervision = true;
    /// Of one benchmark with no more than two threads.
    std::chrono::microseconds repetition = std::chrono::milliseconds{5};
    /// Of one with more, which must be longer: a thread whose share fits into one time slice never meets the others.
    std::chrono::microseconds crowded_repetition = std::chrono::milliseconds{50};
    int contention_rounds = 5;                          ///< every pool once per round
    std::chrono::milliseconds contention_length{1000};  ///< of one pool's turn in a round
    std::chrono::milliseconds waiting_length{500};      ///< the same where there are many cases
    int handoffs = 10'000;                              ///< of one turn
    std::chrono::milliseconds idle_length{10000};       ///< how long nothing happens under supervision
};

}  // namespace bench
