// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstddef>

namespace bench {

/// What every pool here lends: one cache line, so that no pool pays for its neighbour's worker.
struct alignas(64) worker {
    volatile int touched = 0;  ///< volatile: the use between check-out and check-in must not be optimised away
};

/// The use of a worker: as little as possible, so that what is measured is the pool.
inline void touch(worker& used) noexcept { used.touched = used.touched + 1; }

/// A pool as the loads see it: made with a size, named, and lending something that gives the worker back when it dies.
template <class Pool>
concept contestant_pool = std::constructible_from<Pool, std::size_t> && requires(Pool& pool) {
    { Pool::name } -> std::convertible_to<const char*>;
    { *pool.checkout() } -> std::same_as<worker&>;
    requires std::movable<decltype(pool.checkout())>;
};

}  // namespace bench
