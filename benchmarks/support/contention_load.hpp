// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <latch>
#include <thread>
#include <vector>

#include "settings.hpp"
#include "worker.hpp"

namespace bench {

inline constexpr std::size_t contending_threads = 16;
inline constexpr std::size_t contended_workers = 2;
inline constexpr std::chrono::microseconds contention_hold{100};

/// What a consumer does with the worker for 100 us, and afterwards without one.
enum class hold_kind {
    sleep,        ///< waits for someone else, as for a database: the processor is free; asks again at once
    spin,         ///< computes: a holder also takes a processor from those who should take over; asks again at once
    sleep_pause,  ///< as `sleep`, but has something else to wait for as long before it asks again
};
inline constexpr std::array<hold_kind, 3> hold_kinds{hold_kind::sleep, hold_kind::spin, hold_kind::sleep_pause};

/// One pool's turn.
struct contention_sample {
    double per_second = 0;  ///< check-outs
    double p50_us = 0;      ///< of the time from asking to holding
    double p99_us = 0;
    double max_us = 0;
};

namespace detail {

using clock = std::chrono::steady_clock;
using microseconds = std::chrono::duration<double, std::micro>;

inline void hold(hold_kind kind) {
    if (kind != hold_kind::spin) {
        std::this_thread::sleep_for(contention_hold);
        return;
    }
    const auto until = clock::now() + contention_hold;
    while (clock::now() < until) {
    }
}

/// Value below which `share` of the samples lie; sorts them as far as it must.
inline double quantile(std::vector<double>& samples, double share) {
    if (samples.empty()) return 0;
    const auto last = static_cast<double>(samples.size() - 1);
    const auto nth = samples.begin() + static_cast<std::ptrdiff_t>(share * last);
    std::nth_element(samples.begin(), nth, samples.end());
    return *nth;
}

}  // namespace detail

/// 16 threads on 2 workers: check out, hold, check in, until time is up. A wait that is still going on
/// at the end is counted in full when it ends, so that nobody's starvation is forgotten.
template <contestant_pool Pool>
contention_sample contend(const settings& chosen, hold_kind kind) {
    using detail::clock;
    Pool pool{contended_workers};
    std::atomic<bool> over{false};
    std::latch start{contending_threads + 1};
    std::vector<std::vector<double>> waits(contending_threads);
    clock::time_point began;
    clock::time_point ended;
    {
        std::vector<std::thread> threads;
        for (auto& mine : waits) {
            mine.reserve(1U << 15U);  // growing would be measured
            threads.emplace_back([&] {
                start.arrive_and_wait();
                while (!over.load(std::memory_order_relaxed)) {  // relaxed: one check-out more or less is no matter
                    const auto asked = clock::now();
                    {
                        const auto lease = pool.checkout();
                        mine.push_back(detail::microseconds{clock::now() - asked}.count());
                        touch(*lease);
                        detail::hold(kind);
                    }
                    if (kind == hold_kind::sleep_pause) std::this_thread::sleep_for(contention_hold);
                }
            });
        }
        began = clock::now();
        start.arrive_and_wait();
        std::this_thread::sleep_for(chosen.contention_length);
        over.store(true, std::memory_order_relaxed);
        for (auto& thread : threads) thread.join();  // the last holds are part of the time
        ended = clock::now();
    }
    std::vector<double> all;
    for (const auto& mine : waits) all.insert(all.end(), mine.begin(), mine.end());
    const std::chrono::duration<double> took = ended - began;
    const double worst = all.empty() ? 0 : *std::max_element(all.begin(), all.end());
    return {.per_second = static_cast<double>(all.size()) / took.count(),
            .p50_us = detail::quantile(all, 0.5),
            .p99_us = detail::quantile(all, 0.99),
            .max_us = worst};
}

}  // namespace bench
