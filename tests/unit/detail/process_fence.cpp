// SPDX-License-Identifier: MIT
#include <pooly/detail/process_fence.hpp>

#include <atomic>
#include <barrier>
#include <thread>

#include "support/catch.hpp"

using pooly::detail::process_fence;

TEST_CASE("a fence for all threads makes a plain store on the other side enough") {
    // Store, then look at the other's store: without a fence both may miss. One of them fences for both.
    if (!process_fence::prepare()) return;
    alignas(64) std::atomic<int> frequent{0};
    alignas(64) std::atomic<int> rare{0};
    alignas(64) int seen_by_frequent = 0;
    int seen_by_rare = 0;
    int both_missed = 0;
    constexpr int rounds = 20'000;
    std::barrier start{2};
    std::barrier end{2};
    std::thread other{[&] {
        for (int round = 0; round < rounds; ++round) {
            start.arrive_and_wait();
            frequent.store(1, std::memory_order_release);
            std::atomic_signal_fence(std::memory_order_seq_cst);
            seen_by_frequent = rare.load(std::memory_order_relaxed);
            end.arrive_and_wait();
        }
    }};
    for (int round = 0; round < rounds; ++round) {
        start.arrive_and_wait();
        rare.store(1, std::memory_order_relaxed);
        process_fence::issue();
        seen_by_rare = frequent.load(std::memory_order_relaxed);
        end.arrive_and_wait();
        both_missed += seen_by_frequent == 0 && seen_by_rare == 0 ? 1 : 0;
        frequent = 0;
        rare = 0;
    }
    other.join();
    CHECK(both_missed == 0);
}

TEST_CASE("preparing the fence again does no harm") { CHECK(process_fence::prepare() == process_fence::prepare()); }
