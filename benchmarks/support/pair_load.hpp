// SPDX-License-Identifier: MIT
#pragma once

#include <benchmark/benchmark.h>

#include <array>
#include <string>

#include "rounds.hpp"
#include "settings.hpp"
#include "stage.hpp"
#include "worker.hpp"

namespace bench {

inline constexpr std::array<int, 5> thread_counts{1, 2, 4, 8, 16};
inline constexpr std::array<int, 4> pool_sizes{1, 8, 64, 4096};
inline constexpr std::array<int, 2> variant_sizes{1, 8};  ///< enough to see what an option costs

/// The pair that everything is measured by: check out, touch the worker, check in.
template <contestant_pool Pool>
void run_pairs(benchmark::State& state) {
    Pool& pool = stage<Pool>::pool();
    run_rounds(state, 1, [&] {
        const auto lease = pool.checkout();
        touch(*lease);
    });
}

/// Registers `run` under `name` for every thread count. With more threads than processors a repetition must be longer:
/// a thread whose share fits into one time slice never meets the others. `prepare` gets each registered benchmark.
template <class Prepare>
void enter_for_threads(const std::string& name, void (*run)(benchmark::State&), const settings& chosen,
                       Prepare prepare) {
    constexpr double many_threads_longer = 4;
    for (const int threads : thread_counts) {
        auto* load = benchmark::RegisterBenchmark(name.c_str(), run);
        load->UseRealTime()->MinTime(chosen.min_time * (threads > 2 ? many_threads_longer : 1))->Threads(threads);
        prepare(*load);
    }
}

/// Registers the pair at every thread count and every pool size of `Sizes`.
template <contestant_pool Pool, const auto& Sizes = pool_sizes>
void enter_pairs(const settings& chosen) {
    const auto prepare = [](benchmark::internal::Benchmark& load) {
        load.ArgNames({"size"})->Setup(&stage<Pool>::raise)->Teardown(&stage<Pool>::strike);
        for (const int size : Sizes) load.Arg(size);
    };
    enter_for_threads("pair/" + std::string{Pool::name}, &run_pairs<Pool>, chosen, prepare);
}

}  // namespace bench
