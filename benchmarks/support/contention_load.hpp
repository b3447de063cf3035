// SPDX-License-Identifier: MIT
#pragma once

#include <sys/prctl.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <compare>
#include <cstddef>
#include <latch>
#include <thread>
#include <utility>
#include <vector>

#include "worker.hpp"

namespace bench {

/// What a consumer does with the worker, and afterwards without one.
enum class hold_kind {
    none,         ///< gives it back at once
    sleep,        ///< waits for someone else, as for a database: the processor is free; asks again at once
    spin,         ///< computes: a holder also takes a processor from those who should take over; asks again at once
    sleep_pause,  ///< as `sleep`, but has something else to wait for as long before it asks again
};

/// So many threads share so few workers.
struct contention_case {
    std::size_t threads;
    std::size_t workers;
    hold_kind kind;
    std::chrono::microseconds hold;

    friend auto operator<=>(const contention_case&, const contention_case&) = default;
};

/// Many on two, by what a holder does.
inline constexpr std::array<contention_case, 3> crowds{
    {{16, 2, hold_kind::sleep, std::chrono::microseconds{100}},
     {16, 2, hold_kind::spin, std::chrono::microseconds{100}},
     {16, 2, hold_kind::sleep_pause, std::chrono::microseconds{100}}}};

/// What users feel: one, two and eight that wait for each of two workers, by how long a worker is held.
inline constexpr std::array<std::size_t, 3> waiters_per_worker{1, 2, 8};
inline constexpr std::array<std::chrono::microseconds, 4> waiting_holds{
    std::chrono::microseconds{0}, std::chrono::microseconds{10}, std::chrono::microseconds{100},
    std::chrono::microseconds{1000}};
[[nodiscard]] constexpr contention_case waiting_case(std::size_t waiters, std::chrono::microseconds hold) {
    constexpr std::size_t workers = 2;
    return {workers * (1 + waiters), workers, hold.count() == 0 ? hold_kind::none : hold_kind::sleep, hold};
}

/// One pool's turn.
struct contention_sample {
    double per_second = 0;  ///< check-outs
    double p50_us = 0;      ///< of the time from asking to holding
    double p99_us = 0;
    double p999_us = 0;
    double max_us = 0;
    double fairness = 0;  ///< check-outs of the thread that got fewest, divided by those of the one that got most
};

namespace detail {

using clock = std::chrono::steady_clock;
using microseconds = std::chrono::duration<double, std::micro>;

inline void hold(const contention_case& how) {
    if (how.kind == hold_kind::none) return;
    if (how.kind != hold_kind::spin) {
        std::this_thread::sleep_for(how.hold);
        return;
    }
    const auto until = clock::now() + how.hold;
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

/// Each thread checks out, holds, checks in, until time is up. A wait that is still going on at the end is counted in
/// full when it ends, so that nobody's starvation is forgotten.
template <contestant_pool Pool>
contention_sample contend(std::chrono::milliseconds length, const contention_case& how) {
    using detail::clock;
    // The clock costs more than a check-out that nobody delays: there, not every one is timed.
    const std::size_t timed_each = how.kind == hold_kind::none ? 16 : 1;
    struct consumer {
        std::size_t served = 0;
        std::vector<double> waits;
    };
    Pool pool{how.workers};
    std::atomic<bool> over{false};
    std::latch start{static_cast<std::ptrdiff_t>(how.threads) + 1};
    std::vector<consumer> consumers(how.threads);
    clock::time_point began;
    clock::time_point ended;
    {
        std::vector<std::thread> threads;
        for (auto& shared : consumers) {
            shared.waits.reserve(1U << 15U);  // growing would be measured
            threads.emplace_back([&] {
                ::prctl(PR_SET_TIMERSLACK, 1UL);  // or a sleep of 10 us would last for 60
                consumer mine;
                mine.waits.swap(shared.waits);
                start.arrive_and_wait();
                while (!over.load(std::memory_order_relaxed)) {  // relaxed: one check-out more or less is no matter
                    const bool timed = mine.served++ % timed_each == 0;
                    const auto asked = timed ? clock::now() : clock::time_point{};
                    {
                        const auto lease = pool.checkout();
                        if (timed) mine.waits.push_back(detail::microseconds{clock::now() - asked}.count());
                        touch(*lease);
                        detail::hold(how);
                    }
                    if (how.kind == hold_kind::sleep_pause) std::this_thread::sleep_for(how.hold);
                }
                shared = std::move(mine);
            });
        }
        began = clock::now();
        start.arrive_and_wait();
        std::this_thread::sleep_for(length);
        over.store(true, std::memory_order_relaxed);
        for (auto& thread : threads) thread.join();  // the last holds are part of the time
        ended = clock::now();
    }
    std::vector<double> all;
    std::size_t served = 0;
    for (const auto& one : consumers) {
        all.insert(all.end(), one.waits.begin(), one.waits.end());
        served += one.served;
    }
    const auto fewer = [](const consumer& a, const consumer& b) { return a.served < b.served; };
    const auto [fewest, most] = std::minmax_element(consumers.begin(), consumers.end(), fewer);
    const std::chrono::duration<double> took = ended - began;
    return {.per_second = static_cast<double>(served) / took.count(),
            .p50_us = detail::quantile(all, 0.5),
            .p99_us = detail::quantile(all, 0.99),
            .p999_us = detail::quantile(all, 0.999),
            .max_us = all.empty() ? 0 : *std::max_element(all.begin(), all.end()),
            .fairness = static_cast<double>(fewest->served) / static_cast<double>(most->served)};
}

}  // namespace bench
