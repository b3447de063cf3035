// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "support/seed.hpp"

namespace pooly::test {

/// What a backend throws in bad weather.
class bad_weather : public std::runtime_error {
    using runtime_error::runtime_error;
};

/// The moods of the backend of one pool, which come and go: how its user code fares.
class weather {
public:
    enum class mood { fair, flaky, slow, down, hung };

    explicit weather(std::uint64_t seed) : seed_{seed} {}

    /// The next mood. Whoever hangs is let go.
    void change(dice& roll) {
        constexpr std::array likely{mood::fair, mood::fair, mood::flaky, mood::slow, mood::down, mood::hung};
        set(likely.at(roll(likely.size())));
    }
    /// Fair, and for good.
    void clear_up() { set(mood::fair); }

    /// The factory of the backend was called.
    void connect() {
        const auto now = mood_.load();
        if (now == mood::down && !noticed_.exchange(true)) ++outages;
        if (now == mood::down) throw bad_weather{"the backend is down"};
        suffer(now, 5);
    }
    /// Any other user code.
    void suffer() { suffer(mood_.load(), 20); }
    /// Whether a worker turns out dead.
    [[nodiscard]] bool kills() { return mood_.load() != mood::fair && one_in(30); }

    std::atomic<std::uint64_t> outages{0};  // that a factory ran into

private:
    void set(mood next) {
        {
            const std::lock_guard guard{mutex_};
            mood_ = next;
            noticed_ = false;
            ++changes_;
        }
        changed_.notify_all();
    }
    [[nodiscard]] bool one_in(std::size_t sides) {
        return mixed(seed_, drawn_.fetch_add(1, std::memory_order_relaxed)) % sides == 0;  // relaxed: just a number
    }
    void suffer(mood now, std::size_t one_in_so_many) {
        switch (now) {
            case mood::fair: return;
            case mood::slow: std::this_thread::sleep_for(std::chrono::microseconds{200}); return;
            case mood::flaky:
            case mood::down:
                if (one_in(one_in_so_many)) throw bad_weather{"bad luck"};
                return;
            case mood::hung: break;
        }
        if (!one_in(4)) return;
        std::unique_lock lock{mutex_};
        const auto seen = changes_;
        changed_.wait(lock, [&] { return changes_ != seen || mood_ == mood::fair; });
    }

    const std::uint64_t seed_;
    std::atomic<mood> mood_{mood::fair};
    std::atomic<bool> noticed_{false};
    std::atomic<std::uint64_t> drawn_{0};
    std::mutex mutex_;
    std::condition_variable changed_;
    std::uint64_t changes_ = 0;
};

}  // namespace pooly::test
