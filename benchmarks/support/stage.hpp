// SPDX-License-Identifier: MIT
#pragma once

#include <benchmark/benchmark.h>

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "progress.hpp"
#include "worker.hpp"

namespace bench {

/// What the threads of one benchmark share. Static: Google Benchmark's set-up and tear-down are plain functions.
template <contestant_pool Pool>
class stage {
public:
    using lease = decltype(std::declval<Pool&>().checkout());

    [[nodiscard]] static Pool& pool() { return *pool_; }

    /// Argument 0 of the benchmark is the size of the pool.
    static void raise(const benchmark::State& state) {
        show_progress(Pool::name);
        pool_.emplace(static_cast<std::size_t>(state.range(0)));
    }

    /// Argument 1 is how many of them are out. Those left idle lie far apart, as they do after a busy day: all are
    /// taken, then every n-th is given back.
    static void raise_scarce(const benchmark::State& state) {
        raise(state);
        const auto size = static_cast<std::size_t>(state.range(0));
        const auto out = static_cast<std::size_t>(state.range(1));
        if (out == 0) return;
        std::vector<lease> all;
        all.reserve(size);
        for (std::size_t i = 0; i < size; ++i) all.push_back(pool_->checkout());
        const std::size_t step = size / (size - out);
        for (std::size_t i = 0; i < size; ++i) {
            const bool goes_back = i % step == 0 && i / step < size - out;
            if (!goes_back) held_.push_back(std::move(all[i]));
        }
    }

    static void strike(const benchmark::State&) {
        held_.clear();
        pool_.reset();
    }

private:
    static inline std::optional<Pool> pool_;
    static inline std::vector<lease> held_;
};

}  // namespace bench
