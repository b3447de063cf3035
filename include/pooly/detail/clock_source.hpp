// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <concepts>
#include <condition_variable>
#include <mutex>
#include <type_traits>

namespace pooly::detail {

/// A pool's clock with its type taken away: time is nanoseconds since that clock's epoch. A clock must not throw.
struct clock_source {
    using instant = std::chrono::nanoseconds;
    static constexpr instant never = instant::max();

    instant (*now)() noexcept;
    /// Waits for a notification at most until `until`; may wake early.
    void (*wait)(std::condition_variable&, std::unique_lock<std::mutex>&, instant until) noexcept;
    bool has_coarse_tick;

    template <class Clock>
    [[nodiscard]] static constexpr clock_source of() noexcept {
        return {&now_of<Clock>, &wait_of<Clock>, std::same_as<Clock, std::chrono::steady_clock>};
    }

    /// `now + timeout`, `never` where that is past the end of time.
    [[nodiscard]] instant after(instant timeout) const noexcept { return later(now(), timeout); }
    [[nodiscard]] static constexpr instant later(instant from, instant by) noexcept {
        return from > from.zero() && by >= never - from ? never : from + by;
    }

private:
    template <class Clock>
    static instant now_of() noexcept {
        return std::chrono::duration_cast<instant>(Clock::now().time_since_epoch());
    }

    template <class Clock>
    static void wait_of(std::condition_variable& changed, std::unique_lock<std::mutex>& lock, instant until) noexcept {
        if (until == never) return changed.wait(lock);
        if constexpr (std::same_as<Clock, std::chrono::steady_clock>) {
            changed.wait_until(lock, std::chrono::steady_clock::time_point{
                                         std::chrono::duration_cast<std::chrono::steady_clock::duration>(until)});
        } else {
            // Nobody tells us when another clock is moved, so it is looked at every millisecond.
            changed.wait_for(lock, std::chrono::milliseconds{1});
        }
    }
};

/// The moment on the steady clock that is `left` from now, `max()` where that is past the end of time.
[[nodiscard]] inline std::chrono::steady_clock::time_point steady_deadline(std::chrono::nanoseconds left) noexcept {
    using std::chrono::steady_clock;
    const auto until = clock_source::of<steady_clock>().after(left);
    return until == clock_source::never ? steady_clock::time_point::max() : steady_clock::time_point{until};
}

}  // namespace pooly::detail
