// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <memory>
#include <utility>

#include <pooly/pooly.hpp>

#include "support/manual_clock.hpp"
#include "support/worker.hpp"

namespace pooly::test {

[[nodiscard]] inline std::shared_ptr<watchdog> watchdog_by_hand() {
    return std::make_shared<watchdog>(watchdog::mode::by_hand);
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

}  // namespace pooly::test
