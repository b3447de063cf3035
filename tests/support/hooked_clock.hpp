// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <chrono>
#include <functional>

namespace pooly::test {

/// A clock that stands still until a test moves it, and that calls the test back when it is read: a way into the middle
/// of the pool. A waiter reads it while it looks at its deadline, holding no lock but its own; one who is about to
/// queue reads it after it found nothing idle.
struct hooked_clock {
    using duration = std::chrono::nanoseconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<hooked_clock>;
    static constexpr bool is_steady = true;

    /// Called by every look of this thread at the clock, before it is read; not by those of the hook itself.
    static inline thread_local std::function<void()> on_this_thread = {};

    [[nodiscard]] static time_point now() {
        if (on_this_thread && !inside_) {
            inside_ = true;
            on_this_thread();
            inside_ = false;
        }
        return time_point{duration{time_.load()}};
    }
    static void advance(duration by) noexcept { time_.fetch_add(by.count()); }

private:
    static inline thread_local bool inside_ = false;
    static inline std::atomic<rep> time_{1'000'000'000};
};

}  // namespace pooly::test
