// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>

#include <pooly/histogram.hpp>

namespace pooly::detail {

/// A histogram that many threads add to. Only what took time is recorded; what took none is counted elsewhere for free
/// and filled in by `snapshot`, so that the fast path never comes here.
class atomic_histogram {
public:
    void record(std::chrono::nanoseconds duration) noexcept {
        // relaxed: a count that orders nothing
        buckets_[histogram::bucket_of(duration)].fetch_add(1, std::memory_order_relaxed);
    }

    /// What was recorded, and zeros up to a count of `total`.
    [[nodiscard]] histogram snapshot(std::uint64_t total) const noexcept {
        histogram result;
        for (std::size_t i = 0; i < buckets_.size(); ++i)
            if (const auto times = buckets_[i].load(std::memory_order_relaxed); times != 0) result.add(i, times);
        if (total > result.count()) result.add(0, total - result.count());
        return result;
    }

private:
    std::array<std::atomic<std::uint64_t>, histogram::bucket_count> buckets_{};
};

}  // namespace pooly::detail
