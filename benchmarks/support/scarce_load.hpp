// SPDX-License-Identifier: MIT
#pragma once

#include <benchmark/benchmark.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "pair_load.hpp"
#include "rounds.hpp"
#include "settings.hpp"
#include "stage.hpp"
#include "worker.hpp"

namespace bench {

inline constexpr std::int64_t scarce_size = 4096;
inline constexpr std::int64_t scarce_idle = 40;
inline constexpr std::array<int, 2> scarce_threads{1, 2};

/// One way to ask a pool in which little is left.
struct scarce_way {
    const char* family;
    const char* label;  ///< leases at once
};
inline constexpr std::array<scarce_way, 3> scarce_ways{
    {{"scarce_one", "one"}, {"scarce_two", "two"}, {"scarce_twenty", "twenty"}}};

/// Two leases a round, given back in the order they were taken: a pool that remembers the last worker it saw is wrong
/// about it every other time.
template <contestant_pool Pool>
void run_two_at_once(benchmark::State& state, const settings& chosen) {
    Pool& pool = stage<Pool>::pool();
    run_rounds(state, chosen, 2, [&] {
        auto first = pool.checkout();
        auto second = pool.checkout();
        touch(*first);
        touch(*second);
        { const auto goes_first = std::move(first); }
        { const auto goes_next = std::move(second); }
    });
}

/// Half of what is idle, taken and given back in order: most of the searching happens here.
template <contestant_pool Pool>
void run_by_twenty(benchmark::State& state, const settings& chosen) {
    constexpr std::size_t batch = scarce_idle / 2;
    Pool& pool = stage<Pool>::pool();
    std::vector<typename stage<Pool>::lease> held;
    held.reserve(batch);
    run_rounds(state, chosen, static_cast<std::int64_t>(batch), [&] {
        for (std::size_t i = 0; i < batch; ++i) held.push_back(pool.checkout());
        for (auto& lease : held) touch(*lease);
        held.clear();
    });
}

/// Registers a pool of 4096, once with none out and once with all but 40 out, for each way to ask.
template <contestant_pool Pool>
void enter_scarce(const settings& chosen) {
    constexpr std::array<load_function, scarce_ways.size()> runs{&run_pairs<Pool>, &run_two_at_once<Pool>,
                                                                 &run_by_twenty<Pool>};
    for (std::size_t i = 0; i < runs.size(); ++i) {
        const std::string name = scarce_ways[i].family + ("/" + std::string{Pool::name});
        auto& load = enter_load(name, runs[i], chosen);
        load.Setup(&stage<Pool>::raise_scarce)->Teardown(&stage<Pool>::strike);
        load.ArgNames({"size", "out"})->Args({scarce_size, 0})->Args({scarce_size, scarce_size - scarce_idle});
        for (const int threads : scarce_threads) load.Threads(threads);
    }
}

}  // namespace bench
