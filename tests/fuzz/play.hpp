// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <utility>

#include <pooly/pooly.hpp>

#include "support/counted_pool.hpp"
#include "support/manual_clock.hpp"
#include "support/rehearsal.hpp"
#include "support/watched.hpp"

namespace pooly::test {

/// Numbers from a file instead of random ones: one byte each, two where there is more to choose from; then zeros.
class bytes {
public:
    bytes(const std::uint8_t* data, std::size_t size) noexcept : next_{data}, end_{data + size} {}

    [[nodiscard]] std::size_t operator()(std::size_t sides) noexcept {
        std::size_t value = take();
        if (sides > 256) value = value << 8U | take();
        return value % sides;
    }
    [[nodiscard]] bool one_in(std::size_t sides) noexcept { return (*this)(sides) == 0; }
    [[nodiscard]] bool has_run_dry() const noexcept { return next_ == end_; }

private:
    [[nodiscard]] std::size_t take() noexcept { return has_run_dry() ? 0U : *next_++; }

    const std::uint8_t* next_;
    const std::uint8_t* end_;
};

/// The bytes choose a pool, and then what is asked of it, verb by verb. Throws where pool and model disagree; its text
/// tells all that was done.
inline void play(const std::uint8_t* data, std::size_t length) {
    constexpr std::array<std::pair<std::size_t, std::size_t>, 8> sizes{
        {{1, 0}, {0, 2}, {1, 1}, {2, 0}, {2, 2}, {3, 5}, {4, 0}, {0, 0}}};
    bytes roll{data, length};
    const auto policies = every_policy();
    const auto [size, max_overflow] = sizes.at(roll(sizes.size()));
    setting how;
    how.options = sized(size, max_overflow, policies.at(roll(policies.size())));
    how.options.check_after_idle = std::chrono::nanoseconds::zero();
    const auto traits = roll(256);
    how.hooks = (traits & 1U) != 0;
    if ((traits & 2U) != 0) how.options.start = start_mode::lazy;
    if ((traits & 4U) != 0) how.options.timing = timing_mode::precise;
    if ((traits & 8U) != 0) how.waiters = 2;
    if ((traits & 16U) != 0) how.options.max_waiters = 1;
    if ((traits & 32U) != 0) linger(how.options);
    how.steps = 200;
    rehearsal<manual_clock, bytes> sequence{roll(256), how, roll};
    try {
        sequence.play();
    } catch (const std::exception& error) {
        throw std::runtime_error{sequence.log() + "\n" + error.what()};
    }
}

}  // namespace pooly::test
