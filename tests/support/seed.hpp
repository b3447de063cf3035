// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>

namespace pooly::test {

/// What follows `--seed` on the command line of a test program.
inline const char* seed_on_command_line = nullptr;

/// Where all that is random in this run comes from: `--seed`, or else POOLY_SEED from the environment, or else anew
/// each time. Printed, so that a run that failed, hung or crashed can be replayed.
[[nodiscard]] inline std::uint64_t seed() {
    static const std::uint64_t value = [] {
        const char* given = seed_on_command_line != nullptr ? seed_on_command_line : std::getenv("POOLY_SEED");
        const std::uint64_t drawn = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
        std::cout << "random seed: replay with --seed " << drawn << " or POOLY_SEED=" << drawn << std::endl;
        return drawn;
    }();
    return value;
}

/// A number that looks random and depends on all of its arguments (splitmix64).
[[nodiscard]] constexpr std::uint64_t mixed(std::uint64_t a, std::uint64_t b = 0) noexcept {
    std::uint64_t z = a + (b + 1) * 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
}

/// A stream of random numbers, the same on every platform.
class dice {
public:
    explicit dice(std::uint64_t seed) noexcept : state_{seed} {}

    /// From 0 up to, not including, `sides`.
    [[nodiscard]] std::size_t operator()(std::size_t sides) noexcept {
        return static_cast<std::size_t>(mixed(state_, ++rolled_) % sides);
    }
    [[nodiscard]] bool one_in(std::size_t sides) noexcept { return (*this)(sides) == 0; }

private:
    std::uint64_t state_;
    std::uint64_t rolled_ = 0;
};

}  // namespace pooly::test
