// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

// The attention word: zero means that nothing unusual is going on, and a check-out is done with one read-modify-write
// on its slot, a check-in with one store (or, where process_fence is missing, one read-modify-write). All that is rare
// hides behind a bit of it, so that no feature costs the fast path. It is derived from the pool's state, under the
// pool's lock, in one place (pool_core::refresh_attention).
//
// The one race that matters. A consumer returns a worker and then looks whether anybody wants it; somebody who wants
// one announces it and then looks whether any is idle:
//
//     (A1) word: in_use -> idle              (A3) attention: waiters
//          (light fence)                          (heavy fence)
//     (A2) load attention                    (A4) look at the words again
//
// At least one of (A2) and (A4) must see the other side's store, or a wake-up is lost. A fence between store and load
// on either side does it. Returning is frequent and announcing is rare, so where the system can (process_fence), the
// heavy fence is one in every thread, and the light one only keeps the compiler from reordering: a check-in is then a
// plain store. Elsewhere all four are sequentially consistent, which does it, too. Weaken any of them and both may
// miss.
// The same holds for every bit that a check-in must not overlook (`locks_checkin`): each is announced, and then what
// came home meanwhile is looked for. One who has passed the gate of a check-out may still claim a worker that came
// home on the fast path in that moment, as if both had come before; what was idle when a pool is held back, restarted
// or closed is taken out of reach in its word (slot_phase), where the claim itself sees it.
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
inline constexpr bits marked = 1U << 11U;    // something is to be done when some worker that is on loan comes home
inline constexpr bits failed = 1U << 12U;    // too many workers died: nothing is lent
inline constexpr bits renewing = 1U << 13U;  // workers of an earlier generation are still on loan
inline constexpr bits dozing = 1U << 14U;    // the watchdog waits for the next check-out

/// What makes a check-out take the lock, and what only takes it off the inlined path.
inline constexpr bits locks_checkout = queueing | held_back | closed | ordered | forked | failed | renewing | dozing;
inline constexpr bits slows_checkout = locks_checkout | timed;

/// The same for a check-in.
inline constexpr bits locks_checkin =
    waiters | surplus | draining | scarce | held_back | closed | ordered | forked | marked | renewing;
inline constexpr bits slows_checkin = locks_checkin | timed | resetting;

}  // namespace pooly::detail::attention
