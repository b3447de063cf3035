// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>

#include "support/world.hpp"

namespace pooly::detail {

/// A clock that stands still unless a model moves it: what depends on the time has its tests elsewhere.
class coarse_tick {
public:
    static constexpr std::chrono::nanoseconds asleep = std::chrono::nanoseconds::max();
    static constexpr std::chrono::nanoseconds ages = asleep / 2;

    [[nodiscard]] static std::chrono::nanoseconds now() noexcept { return model::world::now().tick; }
    static void note_use() noexcept {}
    [[nodiscard]] std::chrono::nanoseconds wake() { return now(); }
};

}  // namespace pooly::detail
