// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <semaphore>

#include "support/hooked_clock.hpp"

namespace pooly::test {

/// Stops a thread in the middle of a look at the clock. One that waits looks at its deadline again and again: it is
/// then queued and has not been told anything, and whoever chooses it cannot tell it before it goes on.
class stop_at_clock {
public:
    /// On the thread that is to be stopped, before it waits.
    void put_here() {
        hooked_clock::on_this_thread = [this] {
            if (!armed_.exchange(false)) return;
            stopped_.release();
            go_on_.acquire();
        };
    }
    /// Returns when the thread stands still, at the next look.
    void await() {
        armed_ = true;
        stopped_.acquire();
    }
    void go_on() { go_on_.release(); }

private:
    std::atomic<bool> armed_{false};
    std::binary_semaphore stopped_{0};
    std::binary_semaphore go_on_{0};
};

}  // namespace pooly::test
