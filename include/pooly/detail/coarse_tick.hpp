// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include <pooly/detail/slot.hpp>

namespace pooly::detail {

/// `steady_clock`, ten milliseconds coarse, for the price of a load: one thread of the process stores it as long as a
/// pool wants it (see process). Reading the clock itself would cost more than a check-out and check-in.
class [[gnu::visibility("default")]] coarse_tick {
public:
    static constexpr std::chrono::milliseconds period{10};

    [[nodiscard]] static std::chrono::nanoseconds now() noexcept {
        // relaxed: a time that orders nothing
        return std::chrono::nanoseconds{value_.load(std::memory_order_relaxed)};
    }

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
        stop_.notify_one();
        thread_.join();
    }

private:
    alignas(cache_line) static inline constinit std::atomic<std::chrono::nanoseconds::rep> value_{0};

    static void store() noexcept {
        value_.store(std::chrono::nanoseconds{std::chrono::steady_clock::now().time_since_epoch()}.count(),
                     std::memory_order_relaxed);
    }

    void run() {
        std::unique_lock<std::mutex> lock{mutex_};
        while (!stop_.wait_for(lock, period, [this] { return stopping_; })) store();
    }

    std::mutex mutex_;
    std::condition_variable stop_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace pooly::detail
