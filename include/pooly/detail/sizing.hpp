// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include <pooly/pool_status.hpp>

// Rules of size and overflow, as pure functions of the numbers.
namespace pooly::detail {

struct sizing {
    std::size_t size = 0;
    std::size_t max_overflow = 0;

    [[nodiscard]] constexpr std::size_t places() const noexcept { return size + max_overflow; }

    /// Workers beyond `size`, given how many live.
    [[nodiscard]] constexpr std::size_t overflow(std::size_t live) const noexcept {
        return live > size ? live - size : 0;
    }
    /// Whether one more may be made.
    [[nodiscard]] constexpr bool has_room(std::size_t live) const noexcept { return live < places(); }
    /// Whether one that is not needed by anyone goes.
    [[nodiscard]] constexpr bool has_surplus(std::size_t live) const noexcept { return live > size; }
    /// Whether there are more than there are places, after a resize: then even one that is waited for goes.
    [[nodiscard]] constexpr bool is_over(std::size_t live) const noexcept { return live > places(); }
    /// Whether one that is missing is made though nobody waits for it.
    [[nodiscard]] constexpr bool wants_more(std::size_t live) const noexcept { return live < size; }

    /// What a pool that is open and lending is called.
    [[nodiscard]] constexpr pool_state state(std::size_t idle, std::size_t live) const noexcept {
        if (idle > 0 || wants_more(live)) return pool_state::ready;
        return has_room(live) ? pool_state::overflow : pool_state::full;
    }
};

}  // namespace pooly::detail
