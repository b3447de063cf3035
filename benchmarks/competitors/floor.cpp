// SPDX-License-Identifier: MIT
// The floor: what the two steps of a lock-free pool cost where neither can do without an atomic read-modify-write, on a
// cache line that no other thread knows: one takes it (acquire), one gives it back (release), with the same use of a
// worker in between. The unit of all figures; a pool that gives back by a store can be below it.

#include <benchmark/benchmark.h>

#include <atomic>

#include "../support/contestants.hpp"
#include "../support/pair_load.hpp"
#include "../support/registry_load.hpp"
#include "../support/rounds.hpp"
#include "../support/worker.hpp"

namespace bench {
namespace {

struct alignas(64) line {
    std::atomic<unsigned> state{0};
};

/// Without the use of a worker: what the processor charges for the two instructions alone.
void run_bare_floor(benchmark::State& state, const settings& chosen) {
    line mine;
    run_rounds(state, chosen, 1, [&] {
        unsigned idle = 0;
        benchmark::DoNotOptimize(mine.state.compare_exchange_strong(idle, 1, std::memory_order_acquire));
        benchmark::DoNotOptimize(mine.state.exchange(0, std::memory_order_release));
    });
}

void run_floor(benchmark::State& state, const settings& chosen) {
    line mine;
    worker lent;
    run_rounds(state, chosen, 1, [&] {
        unsigned idle = 0;
        benchmark::DoNotOptimize(mine.state.compare_exchange_strong(idle, 1, std::memory_order_acquire));
        touch(lent);
        benchmark::DoNotOptimize(mine.state.exchange(0, std::memory_order_release));
    });
}

void enter_floor(const settings& chosen) {
    for (const int threads : thread_counts) {
        enter_load("pair/floor", &run_floor, chosen).Threads(threads);
        enter_load("pair/floor_bare", &run_bare_floor, chosen).Threads(threads);
    }
}

void enter_registry_floor(const settings& chosen) {
    for (const int threads : registry_threads) enter_load("registry/floor", &run_floor, chosen).Threads(threads);
}

[[maybe_unused]] const bool entered =
    enter({.name = "floor", .enter_pairs = &enter_floor, .enter_registry = &enter_registry_floor});

}  // namespace
}  // namespace bench
