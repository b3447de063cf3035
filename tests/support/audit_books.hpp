// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <set>
#include <thread>

namespace pooly::test {

/// What a busy machine may add to any time, once.
inline constexpr std::chrono::seconds busy_machine{10};

/// Returns when it is so; false on a machine that never gets there.
template <class Condition>
[[nodiscard]] bool eventually(const Condition& condition) {
    const auto deadline = std::chrono::steady_clock::now() + busy_machine;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::yield();
    }
    return true;
}

/// How often each outage is audited: what the environment variable POOLY_OUTAGE_RUNS says, else once.
[[nodiscard]] inline int audit_runs() {
    const char* const wanted = std::getenv("POOLY_OUTAGE_RUNS");
    return wanted != nullptr ? std::max(1, std::atoi(wanted)) : 1;
}

/// The longest of many, noted by any thread.
class longest_time {
public:
    using duration = std::chrono::steady_clock::duration;

    void note(duration took) noexcept {
        auto seen = longest_.load();
        while (took > seen && !longest_.compare_exchange_weak(seen, took)) continue;
    }
    [[nodiscard]] duration get() const noexcept { return longest_; }
    /// From now on.
    void begin_anew() noexcept { longest_ = duration::zero(); }

private:
    std::atomic<duration> longest_{};
};

/// What the writers of an audit were told of each number, and how they fared.
struct audit_books {
    std::mutex mutex;
    std::set<std::int64_t> acknowledged, unknown, failed;  // guarded by `mutex` while they write
    std::atomic<std::int64_t> next{0};
    std::atomic<std::size_t> in_the_middle{0};  // of a transaction
    std::atomic<std::size_t> turned_away{0};    // without a connection
    std::atomic<std::size_t> odd{0};            // for a reason that cannot be
    longest_time longest_wait;

    void enter(std::set<std::int64_t>& column, std::int64_t number) {
        const std::lock_guard guard{mutex};
        column.insert(number);
    }
    [[nodiscard]] std::size_t written() {
        const std::lock_guard guard{mutex};
        return acknowledged.size();
    }
};

}  // namespace pooly::test
