// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <latch>
#include <thread>
#include <vector>

#include "client.hpp"
#include "settings.hpp"

namespace peers {

/// All clients of one run.
struct outcome {
    std::vector<client> clients;
    double seconds = 0;
};

/// Blocks for `length`, and until the last holder is done.
template <bench::contestant_pool Pool>
[[nodiscard]] outcome run_load(Pool& pool, const settings& wanted, std::chrono::milliseconds length) {
    using clock = std::chrono::steady_clock;
    outcome result{.clients = std::vector<client>(static_cast<std::size_t>(wanted.clients))};
    std::atomic<bool> over{false};
    std::latch start{1};
    std::vector<std::thread> threads;
    for (client& one : result.clients) {
        threads.emplace_back([&] {
            start.wait();
            one.run(pool, wanted, over);
        });
    }
    const auto began = clock::now();  // before it: busy clients may keep this thread from a processor
    start.count_down();
    std::this_thread::sleep_for(length);
    over.store(true, std::memory_order_relaxed);  // relaxed: joining the threads is what orders the rest
    for (auto& thread : threads) thread.join();
    result.seconds = std::chrono::duration<double>{clock::now() - began}.count();
    return result;
}

}  // namespace peers
