// SPDX-License-Identifier: MIT
#pragma once

#include <benchmark/benchmark.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "pair_load.hpp"
#include "rounds.hpp"
#include "settings.hpp"
#include "stage.hpp"
#include "worker.hpp"

namespace bench {

// How the pair grows, where it should not: with the pool, with the share that is out, with threads, with those who
// wait.
inline constexpr std::array<int, 8> growth_sizes{1, 4, 16, 64, 256, 1024, 4096, 16384};
inline constexpr std::int64_t growth_size = 16384;
inline constexpr std::array<std::int64_t, 7> growth_out{0, 4096, 8192, 14746, 16220, 16367, 16383};
inline constexpr int growth_threads_size = 64;
inline constexpr std::array<int, 7> growth_threads{1, 2, 4, 8, 16, 32, 64};
inline constexpr std::array<int, 4> growth_waiters{1, 10, 100, 1000};

/// Asks with a deadline that is over at once, in a pool in which so many wait already: joins the queue and leaves it.
template <contestant_pool Pool>
void run_join_and_leave(benchmark::State& state, const settings& chosen) {
    Pool& pool = stage<Pool>::pool();
    auto taken = pool.checkout();
    std::vector<std::thread> waiting;
    for (std::int64_t i = 0; i < state.range(1); ++i)
        waiting.emplace_back([&pool] { const auto lease = pool.checkout(); });
    while (pool.waiting() < waiting.size()) std::this_thread::sleep_for(std::chrono::milliseconds{1});
    run_rounds(state, chosen, 1, [&pool] { pool.ask_in_vain(); });
    { const auto last = std::move(taken); }
    for (auto& thread : waiting) thread.join();
}

template <contestant_pool Pool>
void enter_growth(const settings& chosen) {
    const std::string name{Pool::name};
    auto& by_size = enter_load("growth_size/" + name, &run_pairs<Pool>, chosen);
    by_size.ArgNames({"size"})->Setup(&stage<Pool>::raise)->Teardown(&stage<Pool>::strike);
    for (const int size : growth_sizes) by_size.Arg(size);

    auto& by_share = enter_load("growth_out/" + name, &run_pairs<Pool>, chosen);
    by_share.ArgNames({"size", "out"})->Setup(&stage<Pool>::raise_scarce)->Teardown(&stage<Pool>::strike);
    for (const auto out : growth_out) by_share.Args({growth_size, out});

    auto& by_threads = enter_load("growth_threads/" + name, &run_pairs<Pool>, chosen);
    by_threads.ArgNames({"size"})->Arg(growth_threads_size);
    by_threads.Setup(&stage<Pool>::raise)->Teardown(&stage<Pool>::strike);
    for (const int threads : growth_threads) by_threads.Threads(threads);

    if constexpr (requires(Pool & pool) { pool.ask_in_vain(); }) {
        auto& by_waiters = enter_load("growth_waiters/" + name, &run_join_and_leave<Pool>, chosen);
        by_waiters.ArgNames({"size", "waiters"})->Setup(&stage<Pool>::raise)->Teardown(&stage<Pool>::strike);
        for (const int waiters : growth_waiters) by_waiters.Args({1, waiters});
    }
}

}  // namespace bench
