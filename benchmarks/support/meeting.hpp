// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <thread>

namespace bench {

/// Threads wait here for each other on their feet. Those who wait asleep are woken one by one, on a busy machine
/// milliseconds apart, and then do not run against each other.
class meeting {
public:
    void wait_for(int threads) noexcept {
        const auto turn = turn_.load(std::memory_order_relaxed);  // relaxed: it cannot change before this thread is in
        // acq_rel: the last to arrive sees all others' arrivals, and its reset comes after them
        if (here_.fetch_add(1, std::memory_order_acq_rel) + 1 == threads) {
            here_.store(0, std::memory_order_relaxed);         // relaxed: published by the next line
            turn_.store(turn + 1, std::memory_order_release);  // pairs with the acquire below
            return;
        }
        while (turn_.load(std::memory_order_acquire) == turn) std::this_thread::yield();
    }

private:
    std::atomic<int> here_{0};
    std::atomic<unsigned> turn_{0};
};

}  // namespace bench
