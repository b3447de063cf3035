// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace pooly::detail {

/// Which slots may be idle, while few of many are: a bit for each, and a bit for every 64 of those, so that one is
/// found without walking all slots. A set bit is a hint, to be confirmed by a claim. Guarded by the pool's lock.
class idle_index {
public:
    void reserve(std::size_t slots) {
        bits_.resize((slots + 63) / 64);
        summary_.resize((bits_.size() + 63) / 64);
    }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    void add(std::size_t index) noexcept {
        auto& word = bits_[index / 64];
        size_ += 1U - ((word >> index % 64) & 1U);
        word |= std::uint64_t{1} << index % 64;
        summary_[index / 4096] |= std::uint64_t{1} << index / 64 % 64;
    }

    [[nodiscard]] std::optional<std::size_t> pop() noexcept {
        for (std::size_t i = 0; i < summary_.size(); ++i) {
            if (summary_[i] == 0) continue;
            const auto at = i * 64 + static_cast<std::size_t>(std::countr_zero(summary_[i]));
            const auto index = at * 64 + static_cast<std::size_t>(std::countr_zero(bits_[at]));
            bits_[at] &= bits_[at] - 1;
            if (bits_[at] == 0) summary_[i] &= summary_[i] - 1;
            --size_;
            return index;
        }
        return std::nullopt;
    }

    void clear() noexcept {
        bits_.assign(bits_.size(), 0);
        summary_.assign(summary_.size(), 0);
        size_ = 0;
    }

private:
    std::vector<std::uint64_t> bits_;
    std::vector<std::uint64_t> summary_;
    std::size_t size_ = 0;
};

}  // namespace pooly::detail
