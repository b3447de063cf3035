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

/// A load as Google Benchmark calls it.
using load_function = void (*)(benchmark::State&, const settings&);

/// The pair that everything is measured by: check out, touch the worker, check in.
template <contestant_pool Pool>
void run_pairs(benchmark::State& state, const settings& chosen) {
    Pool& pool = stage<Pool>::pool();
    run_rounds(state, chosen, 1, [&] {
        const auto lease = pool.checkout();
        touch(*lease);
    });
}

/// Registers `run`; one iteration, because it watches the time by itself.
inline benchmark::internal::Benchmark& enter_load(const std::string& name, load_function run, const settings& chosen) {
    return *benchmark::RegisterBenchmark(name.c_str(), run, chosen)->Iterations(1)->UseRealTime();
}

/// Registers the pair at every thread count and every pool size of `Sizes`.
template <contestant_pool Pool, const auto& Sizes = pool_sizes>
void enter_pairs(const settings& chosen) {
    auto& load = enter_load("pair/" + std::string{Pool::name}, &run_pairs<Pool>, chosen);
    load.ArgNames({"size"})->Setup(&stage<Pool>::raise)->Teardown(&stage<Pool>::strike);
    for (const int size : Sizes) load.Arg(size);
    for (const int threads : thread_counts) load.Threads(threads);
}

}  // namespace bench
