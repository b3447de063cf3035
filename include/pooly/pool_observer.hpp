// SPDX-License-Identifier: MIT
#pragma once

#include <pooly/pool_event.hpp>

namespace pooly {

/// Is told what happens in a pool. One observer may serve many pools; then it is called by several threads at once.
class [[gnu::visibility("default")]] pool_observer {
public:
    pool_observer() = default;
    pool_observer(const pool_observer&) = delete;
    pool_observer& operator=(const pool_observer&) = delete;
    virtual ~pool_observer() = default;

    /// Called on a maintenance thread, never under a lock, a little after the event; for each pool one event at a time
    /// and in order. It may call back into the pool. What it throws is counted and goes no further. One that blocks
    /// costs one maintenance thread, and the events of its own pool that do not fit the queue meanwhile are dropped and
    /// counted. Nobody waits for an observer but the pool's destructor, at most `check_timeout`. (With a watchdog by
    /// hand the last events are told by whoever ends the pool.)
    virtual void notify(const pool_event& event) = 0;
};

}  // namespace pooly
