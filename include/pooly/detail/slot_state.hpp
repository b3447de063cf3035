// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

// The state of a slot in one word, and nothing but arithmetic on it: no atomics, no locks.
//
//     bits 0-2   phase
//     bit  3     stale: the worker must not be lent again (restart, close)
//     bit  4     held: the pool holds its workers back (suspend, drain)
//     bits 8-63  uses: how often this worker was lent; also tells one lease of a slot from the next
namespace pooly::detail {

enum class slot_phase : std::uint8_t {
    empty,     // no worker
    making,    // the factory is at work here; owned by the thread that runs it
    idle,      // owned by nobody
    in_use,    // owned by whoever holds the lease
    checking,  // owned by the consumer that asks the worker's health before taking it
    retiring,  // owned by the thread that destroys the worker
};

using slot_word = std::uint64_t;

inline constexpr slot_word phase_mask = 0x07;
inline constexpr slot_word stale_bit = 0x08;
inline constexpr slot_word held_bit = 0x10;
inline constexpr slot_word low_mask = 0xff;
inline constexpr unsigned uses_shift = 8;
inline constexpr slot_word one_use = slot_word{1} << uses_shift;

[[nodiscard]] constexpr slot_word word_of(slot_phase phase) noexcept { return static_cast<slot_word>(phase); }
[[nodiscard]] constexpr slot_phase phase_of(slot_word word) noexcept {
    return static_cast<slot_phase>(word & phase_mask);
}
[[nodiscard]] constexpr std::uint64_t uses_of(slot_word word) noexcept { return word >> uses_shift; }
[[nodiscard]] constexpr bool is_stale(slot_word word) noexcept { return (word & stale_bit) != 0; }

/// Idle, and nothing is known that speaks against lending it: what a consumer on the fast path may take.
[[nodiscard]] constexpr bool is_lendable(slot_word word) noexcept {
    return (word & low_mask) == word_of(slot_phase::idle);
}
/// Idle and fit, held back or not: what the pool itself may take, under its lock.
[[nodiscard]] constexpr bool is_fit(slot_word word) noexcept {
    return (word & (phase_mask | stale_bit)) == word_of(slot_phase::idle);
}
/// Idle, and waiting to be disposed of.
[[nodiscard]] constexpr bool is_discarded(slot_word word) noexcept {
    return (word & (phase_mask | stale_bit)) == (word_of(slot_phase::idle) | stale_bit);
}

/// Added to a word, makes an idle worker a lent one, used once more; `come_home` takes it back to idle.
inline constexpr slot_word come_home = word_of(slot_phase::in_use) - word_of(slot_phase::idle);
inline constexpr slot_word go_out = one_use + come_home;

/// XORed into a word, takes it from one phase to another and leaves the rest alone.
[[nodiscard]] constexpr slot_word phase_change(slot_phase from, slot_phase to) noexcept {
    return word_of(from) ^ word_of(to);
}

}  // namespace pooly::detail
