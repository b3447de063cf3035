// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include <pooly/detail/cache_line.hpp>

namespace pooly::detail {

/// `steady_clock`, ten milliseconds coarse, for the price of a load: one thread of the process stores it as long as a
/// pool wants it (see process). Reading the clock itself would cost more than a check-out and check-in.
///
/// Where nothing is lent or returned there is nobody to look: after a second the thread falls asleep, and the tick says
/// so. Whoever then comes sees a time later than any other, which sends it off the fast path, and wakes it.
class [[gnu::visibility("default")]] coarse_tick {
public:
    static constexpr std::chrono::milliseconds period{10};
    static constexpr std::chrono::nanoseconds asleep = std::chrono::nanoseconds::max();
    /// Shorter than any time is away from `asleep`, longer than any a worker idles.
    static constexpr std::chrono::nanoseconds ages = asleep / 2;

    /// The time, or `asleep`.
    [[nodiscard]] static std::chrono::nanoseconds now() noexcept {
        // relaxed: a time that orders nothing
        return std::chrono::nanoseconds{value_.load(std::memory_order_relaxed)};
    }

    /// Somebody looks at the tick; to be called about once a tick by whoever does.
    static void note_use() noexcept { used_.store(true, std::memory_order_relaxed); }  // relaxed: late does no harm

    coarse_tick() {
        store();
        thread_ = std::thread{[this] { run(); }};
    }
    coarse_tick(const coarse_tick&) = delete;
    coarse_tick& operator=(const coarse_tick&) = delete;
    /// Never on the ticking thread itself: that one runs nobody's code and holds no share.
    ~coarse_tick() {
        {
            const std::lock_guard<std::mutex> guard{mutex_};
            stopping_ = true;
        }
        changed_.notify_one();
        thread_.join();
    }

    /// The time, never `asleep`: wakes the thread if it has to.
    [[nodiscard]] std::chrono::nanoseconds wake() {
        if (const auto seen = now(); seen != asleep) return seen;
        const std::lock_guard<std::mutex> guard{mutex_};
        note_use();
        if (now() == asleep) store();
        changed_.notify_one();
        return now();
    }

private:
    static constexpr int patience = 100;  // ticks that nobody looked at

    alignas(cache_line) static inline constinit std::atomic<std::chrono::nanoseconds::rep> value_{0};
    alignas(cache_line) static inline constinit std::atomic<bool> used_{false};

    static void store() noexcept {
        value_.store(std::chrono::nanoseconds{std::chrono::steady_clock::now().time_since_epoch()}.count(),
                     std::memory_order_relaxed);
    }

    void run() {
        std::unique_lock<std::mutex> lock{mutex_};
        int unused = 0;
        while (!changed_.wait_for(lock, period, [this] { return stopping_; })) {
            // relaxed: see note_use; both are changed under the mutex, but for a use that comes late
            unused = used_.exchange(false, std::memory_order_relaxed) ? 0 : unused + 1;
            if (unused < patience) {
                store();
                continue;
            }
            value_.store(asleep.count(), std::memory_order_relaxed);
            changed_.wait(lock, [this] { return stopping_ || now() != asleep; });
            unused = 0;
        }
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace pooly::detail
