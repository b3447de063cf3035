// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <chrono>

namespace pooly::test {

/// A clock that stands still until a test moves it. A pool on it looks at it every millisecond while it waits.
struct manual_clock {
    using duration = std::chrono::nanoseconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<manual_clock>;
    static constexpr bool is_steady = true;

    [[nodiscard]] static time_point now() noexcept { return time_point{duration{time_.load()}}; }
    static void advance(duration by) noexcept { time_.fetch_add(by.count()); }
    static void set(duration since_epoch) noexcept { time_.store(since_epoch.count()); }

private:
    static inline std::atomic<rep> time_{0};
};

}  // namespace pooly::test
