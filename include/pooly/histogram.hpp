// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace pooly {

/// Durations counted in logarithmic buckets, eight to every doubling: a quantile is at most an eighth too high and
/// never too low. (Buckets as in Gil Tene's HdrHistogram, at three bits.) A value; no thread safety of its own.
class histogram {
public:
    static constexpr unsigned precision_bits = 3;
    static constexpr std::size_t bucket_count = (64U - precision_bits) << precision_bits;

    /// The bucket a duration falls into; negative ones count as zero.
    [[nodiscard]] static constexpr std::size_t bucket_of(std::chrono::nanoseconds duration) noexcept {
        const auto value = static_cast<std::uint64_t>(std::max<std::chrono::nanoseconds::rep>(duration.count(), 0));
        constexpr std::uint64_t exact = std::uint64_t{1} << precision_bits;
        if (value < exact) return static_cast<std::size_t>(value);
        const auto magnitude = static_cast<unsigned>(std::bit_width(value)) - precision_bits;  // 1 for [8, 16)
        const auto mantissa = (value >> (magnitude - 1U)) - exact;
        return static_cast<std::size_t>((std::uint64_t{magnitude} << precision_bits) + mantissa);
    }

    /// The longest duration that falls into a bucket.
    [[nodiscard]] static constexpr std::chrono::nanoseconds upper_bound_of(std::size_t bucket) noexcept {
        constexpr std::uint64_t exact = std::uint64_t{1} << precision_bits;
        if (bucket < exact) return std::chrono::nanoseconds{static_cast<std::int64_t>(bucket)};
        const auto shift = static_cast<unsigned>(bucket >> precision_bits) - 1U;
        const auto mantissa = (bucket & (exact - 1U)) + exact;
        return std::chrono::nanoseconds{
            static_cast<std::int64_t>((mantissa << shift) + ((std::uint64_t{1} << shift) - 1U))};
    }

    constexpr void add(std::size_t bucket, std::uint64_t times = 1) noexcept {
        buckets_[bucket] += times;
        count_ += times;
    }

    [[nodiscard]] constexpr std::uint64_t count() const noexcept { return count_; }
    [[nodiscard]] constexpr std::uint64_t at(std::size_t bucket) const noexcept { return buckets_[bucket]; }

    /// The duration that the share `q` (0 to 1) of all did not exceed; zero when nothing was counted.
    [[nodiscard]] std::chrono::nanoseconds quantile(double q) const noexcept {
        if (count_ == 0) return std::chrono::nanoseconds::zero();
        const double clamped = q >= 0.0 ? std::min(q, 1.0) : 0.0;  // a NaN reads as 0
        const auto rank = std::max(1.0, std::ceil(clamped * static_cast<double>(count_)));
        std::uint64_t seen = 0;
        std::size_t last = 0;
        for (std::size_t bucket = 0; bucket < bucket_count; ++bucket) {
            if (buckets_[bucket] == 0) continue;
            last = bucket;
            seen += buckets_[bucket];
            if (static_cast<double>(seen) >= rank) break;
        }
        return upper_bound_of(last);
    }

    /// The longest counted, to the upper end of its bucket.
    [[nodiscard]] std::chrono::nanoseconds max() const noexcept { return quantile(1.0); }

private:
    std::array<std::uint64_t, bucket_count> buckets_{};
    std::uint64_t count_ = 0;
};

}  // namespace pooly
