// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include <pooly/detail/splitmix64.hpp>

namespace pooly::detail {

/// How long to wait after each failure in a row: at first about `base`, later about `cap`, never the same for two who
/// failed together. ("Decorrelated jitter" of Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog,
/// 2015: the next is the least of cap and a random number between base and three times the last.)
class backoff {
public:
    /// A base of zero never waits; a cap below the base wins.
    constexpr backoff(std::chrono::nanoseconds base, std::chrono::nanoseconds cap, std::uint64_t seed) noexcept
        : base_{std::max(std::min(base, cap), base.zero())}, cap_{cap}, last_{base_}, random_{seed} {}

    [[nodiscard]] constexpr bool is_off() const noexcept { return base_ == base_.zero(); }

    /// The wait after one more failure.
    [[nodiscard]] constexpr std::chrono::nanoseconds next() noexcept {
        if (is_off()) return base_;
        constexpr auto longest = std::chrono::nanoseconds::max();
        const auto top = last_ > longest / 3 ? longest : last_ * 3;
        // The remainder favours some by at most one part in 2^64 / (top - base): no wait is that exact.
        const auto choices = static_cast<std::uint64_t>((top - base_).count()) + 1;
        last_ = std::min(cap_, base_ + std::chrono::nanoseconds{static_cast<std::int64_t>(random_() % choices)});
        return last_;
    }

    /// It worked: the next failure is the first again.
    constexpr void reset() noexcept { last_ = base_; }

private:
    std::chrono::nanoseconds base_;
    std::chrono::nanoseconds cap_;
    std::chrono::nanoseconds last_;
    splitmix64 random_;
};

}  // namespace pooly::detail
