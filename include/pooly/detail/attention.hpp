// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

// The attention word: zero means that nothing unusual is going on and a check-out or check-in is done with one
// read-modify-write on its slot. All that is rare hides behind a bit of it, so that no feature costs the fast path.
// It is derived from the pool's state, under the pool's lock, in one place (pool_core::refresh_attention).
//
// The one race that matters. A consumer returns a worker and then looks whether anybody wants it; somebody who wants
// one announces it and then looks whether any is idle:
//
//     (A1) word: in_use -> idle              (A3) attention: waiters
//     (A2) load attention                    (A4) look at the words again
//
// All four are sequentially consistent: then at least one of (A2) and (A4) sees the other side's store, and no wake-up
// is lost. Weaken any of them and both may miss. The same holds for `surplus`, `draining` and `scarce`, which are
// announced in the same way.
// Two things are marked in the slots' words instead, because a consumer that has passed the gate must not get a worker
// any more: stale and held_back. There the claim itself is what sees them, and no second look is needed.
namespace pooly::detail::attention {

using bits = std::uint32_t;

inline constexpr bits waiters = 1U << 0U;    // a worker that comes back goes to one who waits
inline constexpr bits queueing = 1U << 1U;   // newcomers queue behind those who wait
inline constexpr bits surplus = 1U << 2U;    // more workers than `size`: one that comes back is dismissed
inline constexpr bits draining = 1U << 3U;   // someone waits for the leases to come home
inline constexpr bits scarce = 1U << 4U;     // idle workers are so few among many that they are indexed
inline constexpr bits held_back = 1U << 5U;  // suspended or draining: nothing is lent
inline constexpr bits closed = 1U << 6U;
inline constexpr bits ordered = 1U << 7U;    // lifo or fifo: the idle ones stand in a list
inline constexpr bits timed = 1U << 8U;      // the clock is read at check-out and check-in
inline constexpr bits resetting = 1U << 9U;  // workers are reset when they come back
inline constexpr bits forked = 1U << 10U;    // this process is a child of the one that made the pool

/// What makes a check-out take the lock, and what only takes it off the inlined path.
inline constexpr bits locks_checkout = queueing | held_back | closed | ordered | forked;
inline constexpr bits slows_checkout = locks_checkout | timed;

/// The same for a check-in. `closed` and `held_back` are not among them: what they ask of a check-in is marked in its
/// word.
inline constexpr bits locks_checkin = waiters | surplus | draining | scarce | ordered | forked;
inline constexpr bits slows_checkin = locks_checkin | timed | resetting;

}  // namespace pooly::detail::attention
