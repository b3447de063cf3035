// SPDX-License-Identifier: MIT
#pragma once

#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdint>

namespace bench {

/// Names of the counters that `measurements` reads.
inline constexpr const char* pairs_counter = "pairs";      ///< of all threads together
inline constexpr const char* seconds_counter = "seconds";  ///< from the start until the last thread was done

/// Repeats `round`, which makes `pairs` check-outs and check-ins, and measures by our own clock. Google Benchmark takes
/// the mean of the threads' times; with more threads than processors the first is done long before the last, and that
/// mean finds more throughput than the machine has.
template <class Round>
void run_rounds(benchmark::State& state, std::int64_t pairs, Round round) {
    using clock = std::chrono::steady_clock;
    constexpr benchmark::IterationCount batch = 64;
    clock::time_point began{};
    // The first call waits until all threads are there, the last until all are done.
    while (state.KeepRunningBatch(batch)) {
        if (began == clock::time_point{}) began = clock::now();
        for (benchmark::IterationCount i = 0; i < batch; ++i) round();
    }
    const std::chrono::duration<double> took = clock::now() - began;
    state.counters[pairs_counter] = static_cast<double>(pairs * state.iterations());
    state.counters[seconds_counter] = benchmark::Counter{took.count(), benchmark::Counter::kAvgThreads};
}

}  // namespace bench
