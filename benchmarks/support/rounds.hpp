// SPDX-License-Identifier: MIT
#pragma once

#include <benchmark/benchmark.h>
#include <sys/resource.h>
#include <time.h>

#include <chrono>
#include <cstdint>

#include "meeting.hpp"
#include "pinned.hpp"
#include "settings.hpp"

namespace bench {

/// Names of the counters that `measurements` reads. Both are sums over the threads.
inline constexpr const char* rate_counter = "pairs_per_second";
inline constexpr const char* preempted_counter = "preempted";  ///< how often the system took the processor away

/// Processor time of this thread.
inline std::chrono::duration<double> processor_time() {
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec};
}

/// How often this thread had to leave its processor though it had work to do.
inline long preemptions() {
    rusage used{};
    ::getrusage(RUSAGE_THREAD, &used);
    return used.ru_nivcsw;
}

/// Repeats `round`, which makes `pairs` check-outs and check-ins, until time is up; every thread starts and stops with
/// the others, and the throughput is the sum of theirs. Google Benchmark by itself gives each thread a number of rounds
/// instead: the last ones then run alone, and a pool that queues its consumers (a context switch per check-out) in one
/// repetition and does not in the next would take minutes over what the other did in a blink.
///
/// By the wall clock: to wait for another consumer is part of the price. But one thread waits for nobody, and there
/// processor time is the same without what other processes take.
template <class Round>
void run_rounds(benchmark::State& state, const settings& chosen, std::int64_t pairs, Round round) {
    using clock = std::chrono::steady_clock;
    constexpr int batch = 256;  // rounds between looks at the clock, which costs more than a round
    const auto length = state.threads() > 2 ? chosen.crowded_repetition : chosen.repetition;
    std::int64_t rounds = 0;
    std::chrono::duration<double> took{};
    static meeting start;
    const pinned here{state.thread_index(), state.threads()};
    for (auto _ : state) {  // once
        const auto began = start.wait_for(state.threads());
        const auto preempted = preemptions();
        const auto worked = processor_time();
        do {
            for (int i = 0; i < batch; ++i) round();
            rounds += batch;
            took = clock::now() - began;
        } while (took < length);
        if (state.threads() == 1) took = processor_time() - worked;
        state.counters[preempted_counter] = static_cast<double>(preemptions() - preempted);
    }
    state.counters[rate_counter] = static_cast<double>(rounds * pairs) / took.count();
}

}  // namespace bench
