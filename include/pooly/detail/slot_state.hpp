// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

// The state of a slot in one word, and nothing but arithmetic on it: no atomics, no locks.
//
//     bits 0-7   phase
//     bits 8-63  uses: how often this worker was lent; also tells one lease of a slot from the next
namespace pooly::detail {

enum class slot_phase : std::uint8_t {
    empty,     // no worker
    making,    // the factory is at work here; owned by the thread that runs it
    idle,      // owned by nobody: the first to claim it gets it
    held,      // idle, but for the pool only, under its lock (suspend, drain)
    stale,     // idle, and not to be lent again: for `sweep_stale` only (restart, close)
    in_use,    // owned by whoever holds the lease
    checking,  // owned by the consumer that asks the worker's health before taking it
    retiring,  // owned by the thread that destroys the worker
};

using slot_word = std::uint64_t;

inline constexpr slot_word phase_mask = 0xff;
inline constexpr unsigned uses_shift = 8;
inline constexpr slot_word one_use = slot_word{1} << uses_shift;

[[nodiscard]] constexpr slot_word word_of(slot_phase phase) noexcept { return static_cast<slot_word>(phase); }
[[nodiscard]] constexpr slot_phase phase_of(slot_word word) noexcept {
    return static_cast<slot_phase>(word & phase_mask);
}
[[nodiscard]] constexpr std::uint64_t uses_of(slot_word word) noexcept { return word >> uses_shift; }

/// The same worker in another phase.
[[nodiscard]] constexpr slot_word with_phase(slot_word word, slot_phase phase) noexcept {
    return (word & ~phase_mask) | word_of(phase);
}

/// What a consumer on the fast path may take.
[[nodiscard]] constexpr bool is_lendable(slot_word word) noexcept { return phase_of(word) == slot_phase::idle; }
/// What the pool itself may take, under its lock.
[[nodiscard]] constexpr bool is_fit(slot_word word) noexcept {
    return is_lendable(word) || phase_of(word) == slot_phase::held;
}

/// Added to a word, makes an idle worker a lent one, used once more; `come_home` takes it back to idle.
inline constexpr slot_word come_home = word_of(slot_phase::in_use) - word_of(slot_phase::idle);
inline constexpr slot_word go_out = one_use + come_home;

}  // namespace pooly::detail
