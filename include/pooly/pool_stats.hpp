// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include <pooly/histogram.hpp>

namespace pooly {

/// Counters since the pool was made.
struct pool_counters {
    std::uint64_t checkouts = 0;            ///< workers lent
    std::uint64_t waited = 0;               ///< of these, after queueing
    std::uint64_t created = 0;              ///< workers made
    std::uint64_t create_failures = 0;      ///< factory calls that threw
    std::uint64_t destroyed = 0;            ///< workers destroyed, for whatever reason; detached ones are not counted
    std::uint64_t dismissed = 0;            ///< of these, because they were surplus
    std::uint64_t discarded = 0;            ///< of these, by `discard()`
    std::uint64_t unhealthy = 0;            ///< of these, because `healthy` said no or threw
    std::uint64_t reset_failures = 0;       ///< of these, because `reset` threw
    std::uint64_t retire_failures = 0;      ///< `retire` hooks that threw; the worker was destroyed all the same
    std::uint64_t detached = 0;             ///< workers that left by `detach()`
    std::uint64_t timeouts = 0;             ///< check-outs refused at their deadline
    std::uint64_t cancelled = 0;            ///< check-outs given up by stop token
    std::uint64_t full = 0;                 ///< check-outs that would have had to wait and must not
    std::uint64_t suspended = 0;            ///< check-outs refused because of `suspend()` or `drain_for()`
    std::uint64_t overloaded = 0;           ///< check-outs refused by `max_waiters`
    std::uint64_t backend_unavailable = 0;  ///< check-outs refused because the backend was down
    std::uint64_t failed = 0;               ///< check-outs refused because the pool had failed
    std::uint64_t expired = 0;              ///< workers destroyed at the end of their lifetime
    std::uint64_t health_checks = 0;        ///< made by the watchdog
    std::uint64_t overdue = 0;              ///< leases held longer than `overdue_after`
    std::uint64_t written_off = 0;          ///< workers whose place was given away while user code had them
    std::uint64_t stuck = 0;                ///< calls into user code that took longer than `check_timeout`
    std::uint64_t dropped_events = 0;       ///< that found the observer's queue full
    std::uint64_t observer_failures = 0;    ///< events on which the observer threw
};

/// These, and how long things took.
struct pool_stats : pool_counters {
    histogram wait;    ///< in the queue, of those who were served; those served at once count as zero
    histogram create;  ///< factory calls that made a worker
    histogram hold;    ///< leases that ended; to the coarse tick unless timing is precise
};

}  // namespace pooly
