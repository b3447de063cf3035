// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

#include <pooly/pool.hpp>

namespace pooly::test {

/// Several threads run a transaction again and again, and every fifth is given up half way. Returns how many were not.
template <class T, class Work>
[[nodiscard]] int committed_by_many(pool<T>& db, int threads, int each, const Work& work) {
    std::atomic<int> committed{0};
    std::vector<std::thread> workers;
    for (int thread = 0; thread < threads; ++thread)
        workers.emplace_back([&] {
            for (int round = 0; round < each; ++round) try {
                    db.transaction([&](T& worker) {
                        work(worker);
                        if (round % 5 == 0) throw std::logic_error{"half way"};
                    });
                    ++committed;
                } catch (const std::logic_error&) {  // all others end the test
                }
        });
    for (auto& worker : workers) worker.join();
    return committed;
}

}  // namespace pooly::test
