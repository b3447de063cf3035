// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace pooly::detail {

/// Numbers that look random, the same on every platform for the same seed; not for secrets. (Steele, Lea and Flood,
/// "Fast splittable pseudorandom number generators", OOPSLA 2014; the constants are those of Vigna's splitmix64.c.)
class splitmix64 {
public:
    constexpr explicit splitmix64(std::uint64_t seed) noexcept : state_{seed} {}

    [[nodiscard]] constexpr std::uint64_t operator()() noexcept {
        std::uint64_t z = state_ += 0x9e3779b97f4a7c15U;
        z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
        return z ^ (z >> 31U);
    }

private:
    std::uint64_t state_;
};

}  // namespace pooly::detail
