// SPDX-License-Identifier: MIT
// What it costs to find a pool by its name among others, and that it costs nothing to have found it.

#include <benchmark/benchmark.h>
#include <pooly/pooly.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "../support/contestants.hpp"
#include "../support/pair_load.hpp"
#include "../support/progress.hpp"
#include "../support/registry_load.hpp"
#include "../support/rounds.hpp"
#include "../support/worker.hpp"

namespace bench {
namespace {

/// What the threads of one benchmark share.
struct many_pools {
    pooly::pool_registry pools;
    std::vector<std::string> names;
    std::shared_ptr<pooly::pool<worker>> held;
    pooly::pool<worker> bare{[] { return worker{}; }, {.size = 8}};
};
std::optional<many_pools> all;

void raise(const benchmark::State& state) {
    show_progress("registry");
    all.emplace();
    for (int i = 0; i < state.range(0); ++i) {
        all->names.push_back("pool number " + std::to_string(i));
        all->pools.add(all->names.back(), [] { return worker{}; },
                       {.size = i == 0 ? 8U : 1U, .start = pooly::start_mode::lazy});
    }
    all->held = all->pools.get<worker>(all->names.front());
    (void)all->held->prewarm();
}

void strike(const benchmark::State&) { all.reset(); }

void run_get(benchmark::State& state, const settings& chosen) {
    const auto& name = all->names.front();
    run_rounds(state, chosen, 1, [&] { benchmark::DoNotOptimize(all->pools.get<worker>(name)); });
}

/// The names one after the other, in an order in which nothing is near what came before, each thread at a place of its
/// own.
void run_get_by_turns(benchmark::State& state, const settings& chosen) {
    const auto count = all->names.size();
    auto at = static_cast<std::size_t>(state.thread_index()) * count / 2;
    run_rounds(state, chosen, 1, [&] {
        at = (at + 7919) % count;
        benchmark::DoNotOptimize(all->pools.get<worker>(all->names[at]));
    });
}

void run_by_name(benchmark::State& state, const settings& chosen) {
    const auto& name = all->names.front();
    run_rounds(state, chosen, 1, [&] {
        const auto lease = all->pools.checkout<worker>(name);
        touch(*lease);
    });
}

void run_held(benchmark::State& state, const settings& chosen) {
    const auto held = all->held;
    run_rounds(state, chosen, 1, [&] {
        const auto lease = held->checkout();
        touch(*lease);
    });
}

void run_bare(benchmark::State& state, const settings& chosen) {
    auto& bare = all->bare;
    run_rounds(state, chosen, 1, [&] {
        const auto lease = bare.checkout();
        touch(*lease);
    });
}

void enter_registry(const settings& chosen) {
    constexpr std::array<load_function, registry_ways.size()> runs{&run_get, &run_get_by_turns, &run_by_name, &run_held,
                                                                   &run_bare};
    for (std::size_t i = 0; i < runs.size(); ++i) {
        auto& load = enter_load(registry_ways[i].family, runs[i], chosen);
        load.ArgNames({"pools"})->Setup(&raise)->Teardown(&strike);
        for (const int pools : registry_sizes) load.Arg(pools);
        for (const int threads : registry_threads) load.Threads(threads);
    }
}

[[maybe_unused]] const bool entered = enter({.name = "pooly_registry", .enter_registry = &enter_registry});

}  // namespace
}  // namespace bench
