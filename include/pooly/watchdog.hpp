// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <memory>

#include <pooly/detail/clock_source.hpp>
#include <pooly/detail/patrol.hpp>
#include <pooly/detail/patrol_rounds.hpp>
#include <pooly/detail/pool_core.hpp>

namespace pooly {

/// Watches over pools: has missing workers made, idle ones checked, old ones replaced, late leases reported, failed
/// pools restarted, and tells observers. One thread visits the pools when something is due there, and sleeps otherwise;
/// user code runs on maintenance threads, so that a hook that hangs costs one of these, is reported as stuck, and keeps
/// neither another pool nor the next visit waiting.
///
/// A pool that has something to be watched makes a watchdog of its own, unless it is given one by
/// `pool_options::watchdog`; any number of pools of any type may share one. It lives as long as one of them.
///
/// Thread safety: every member may be called from any thread.
class watchdog {
public:
    enum class mode {
        background,  ///< by itself
        by_hand,     ///< only when `sweep` is called: for tests
    };

    explicit watchdog(mode how = mode::background) : patrol_{std::make_shared<detail::patrol>()} {
        if (how == mode::background) patrol_->start();
    }
    watchdog(const watchdog&) = delete;
    watchdog& operator=(const watchdog&) = delete;
    /// Does not wait for user code that it called.
    ~watchdog() { patrol_->stop(); }

    /// Visits all pools now and does all that is due. Blocks: until the user code that it calls for that is through, or
    /// was found stuck (`pool_options::check_timeout`). In a forked child it does nothing.
    void sweep() { patrol_->sweep(nullptr, {}); }

    /// As if it were `now`, for the pools on that clock; the others look at their own. With it tests need not sleep.
    template <class Clock, class Duration>
    void sweep(std::chrono::time_point<Clock, Duration> now) {
        const auto clock = detail::clock_source::of<Clock>();
        patrol_->sweep(&clock, std::chrono::duration_cast<std::chrono::nanoseconds>(now.time_since_epoch()));
    }

private:
    friend class detail::pool_core;

    std::shared_ptr<detail::patrol> patrol_;
};

namespace detail {

inline std::shared_ptr<watchdog> pool_core::new_watchdog() { return std::make_shared<watchdog>(); }
inline std::shared_ptr<patrol> pool_core::patrol_of(const watchdog& one) noexcept { return one.patrol_; }

}  // namespace detail

}  // namespace pooly
