// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <utility>

#include <pooly/pooly.hpp>

#include "support/manual_clock.hpp"
#include "support/waiting.hpp"
#include "support/worker.hpp"

namespace pooly::test {

[[nodiscard]] inline std::shared_ptr<watchdog> watchdog_by_hand() {
    return std::make_shared<watchdog>(watchdog::mode::by_hand);
}

/// Options of a pool in which nothing is due by itself.
[[nodiscard]] inline pool_options quiet(std::size_t size, std::shared_ptr<watchdog> by, std::size_t max_overflow = 0) {
    pool_options options;
    options.size = size;
    options.max_overflow = max_overflow;
    options.health_interval = std::chrono::nanoseconds::zero();
    options.check_after_idle = std::chrono::nanoseconds{-1};
    options.max_restarts = pool_options::unlimited;
    options.watchdog = std::move(by);
    return options;
}

/// Time goes on for the pools on the manual clock, and the watchdog does what is due by then.
inline void pass(watchdog& over, std::chrono::nanoseconds time) {
    manual_clock::advance(time);
    over.sweep();
}

/// A hook for workers that know whether they are dead.
[[nodiscard]] inline worker_hooks<worker> asks_health() {
    worker_hooks<worker> hooks;
    hooks.healthy = [](worker& one) { return !one.dead; };
    return hooks;
}

/// A pool of counted workers on the manual clock, and where they come from.
struct watched_pool {
    explicit watched_pool(const pool_options& options, worker_hooks<worker> hooks = asks_health())
        : db{[this] { return worker{at}; }, options, std::move(hooks)} {}

    backend at;
    pool<worker, manual_clock> db;
};

/// Returns when a background watchdog, of which all of that pool's peers are, has looked at each of them that was due.
template <class Pool>
void let_it_look(const Pool& checked_every_ms) {
    for (int i = 0; i < 5; ++i) {
        const auto before = checked_every_ms.stats().health_checks;
        manual_clock::advance(std::chrono::milliseconds{2});
        wait_until([&] { return checked_every_ms.stats().health_checks > before; });
    }
}

}  // namespace pooly::test
