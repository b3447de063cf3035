// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <utility>

namespace pooly::test {

/// How long something took.
template <class Function>
[[nodiscard]] std::chrono::steady_clock::duration time_of(Function&& function) {
    const auto begun = std::chrono::steady_clock::now();
    std::forward<Function>(function)();
    return std::chrono::steady_clock::now() - begun;
}

/// What a hanging server may cost: our timeouts, and what a busy machine adds. Without a deadline it would be for ever.
inline constexpr std::chrono::seconds hang{30};

/// For a server that does not hang, on a busy machine.
inline constexpr std::chrono::milliseconds long_enough{500};

}  // namespace pooly::test
