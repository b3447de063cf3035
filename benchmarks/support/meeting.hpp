// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <chrono>
#include <thread>

namespace bench {

/// Threads wait here for each other on their feet. Those who wait asleep are woken one by one, on a busy machine
/// milliseconds apart, and then do not run against each other.
class meeting {
public:
    using clock = std::chrono::steady_clock;

    /// Returns when the last one came: the same for all, also for a thread that gets a processor only later.
    clock::time_point wait_for(int threads) noexcept {
        const auto turn = turn_.load(std::memory_order_relaxed);  // relaxed: it cannot change before this thread is in
        // acq_rel: the last to arrive sees all others' arrivals, and its reset comes after them
        if (here_.fetch_add(1, std::memory_order_acq_rel) + 1 == threads) {
            here_.store(0, std::memory_order_relaxed);  // relaxed: published by the store of the turn
            complete_ = clock::now();
            turn_.store(turn + 1, std::memory_order_release);  // pairs with the acquire below
            return complete_;
        }
        while (turn_.load(std::memory_order_acquire) == turn) std::this_thread::yield();
        return complete_;
    }

private:
    clock::time_point complete_{};  // written by the last before the turn, read by the others after it
    std::atomic<int> here_{0};
    std::atomic<unsigned> turn_{0};
};

}  // namespace bench
