// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <utility>

#include <pooly/detail/pool_core.hpp>

// Under a watchdog: what is due.
namespace pooly::detail {

inline void pool_core::send_for(errands& out, errand one) {
    one.core = this;
    one.number = ++care_->errands_sent;
    care_->out.push_back({one.number, one.what, one.place});
    out.add(one);
}

inline clock_source::instant pool_core::inspect(std::unique_lock<std::mutex> lock, clock_source::instant now,
                                                errands& out) noexcept {
    wake_list wakes;
    auto due = clock_source::never;
    if (failed_ && !closed_ && heals_) {
        if (now < heal_at_)
            due = heal_at_;
        else if (care_->may_send())
            begin_generation();
    }
    const bool lends = !failed_ && !closed_;
    auto idle = care_->under_way(errand::task::make) + care_->under_way(errand::task::check);  // or about to be
    std::size_t index = 0;
    std::uint64_t uses = past_uses_;
    slots_.for_each([&](slot& place) {
        auto& of = care_->of[index++];
        const auto word = place.word.load(std::memory_order_relaxed);  // relaxed: confirmed by a claim
        const auto phase = phase_of(word);
        uses += uses_of(word);
        if ((phase == slot_phase::in_use || phase == slot_phase::checking) && !of.written_off)
            due = std::min(due, lends ? inspect_lent(place, of, now, out) : inspect_lease(place, of, now));
        if (!lends) return;
        if (phase == slot_phase::idle || phase == slot_phase::held) {
            ++idle;
            due = std::min(due, inspect_idle(place, of, now, out));
        }
        if (phase == slot_phase::stale && care_->filling == 0) (void)send_away(place, why_it_ends(place), now, out);
    });
    if (lends) {
        settle(wakes);
        make_missing(idle, now, out);
        due = std::min(due, look_for_leases(uses, now));
        const bool wanting = limits_.wants_more(live_) || !queue_.empty() || options_.min_idle > idle;
        if (wanting) due = std::min(due, next_attempt_after(now));
    }
    due = std::min(due, tell_shed(now));
    // Last, for what was found just now is to be told, too.
    if (care_->has_news() && care_->under_way(errand::task::tell) == 0)
        send_for(out, {.what = errand::task::tell, .now = now});
    care_->stirred = false;
    finish(lock, wakes);
    return due;
}

/// Whether the watchdog may take one more idle worker away, or occupy one more place: not as many as there are, lest
/// user code that hangs leaves nothing to the consumers.
inline bool pool_core::may_take_one() const noexcept {
    return care_->may_send() && care_->out_for(errand::task::check, errand::task::retire) < limits_.places();
}
inline bool pool_core::may_fill_one() const noexcept {
    return care_->may_send() && care_->out_for(errand::task::make, errand::task::renew) < limits_.places();
}

/// Whether the watchdog may have the factory called now. Without a backoff consumers may at any time, and pace
/// themselves; it would try without a pause.
inline bool pool_core::may_send_for_more(clock_source::instant now) const noexcept {
    return now >= care_->rests_until && may_make(now);
}
/// When it may that may not now; never if somebody will tell.
inline clock_source::instant pool_core::next_attempt_after(clock_source::instant now) const noexcept {
    if (now < care_->rests_until) return care_->rests_until;
    return governor_.is_down() && governor_.next_attempt() > now ? governor_.next_attempt() : clock_source::never;
}

/// Returns: when something is due about this worker.
inline clock_source::instant pool_core::inspect_idle(slot& place, slot_care& of, clock_source::instant now,
                                                     errands& out) {
    auto due = clock_source::never;
    const auto zero = std::chrono::nanoseconds::zero();
    const auto since = place.since_when();
    const bool over = limits_.is_over(standing());
    if (over || (limits_.has_surplus(standing()) && (queue_.empty() || holds_back()))) {
        const auto when = over ? now : clock_source::later(since, options_.overflow_linger);
        if (now < when)
            due = when;
        else if ((over || !keeps_ahead(0)) && send_away(place, events::retirement::surplus, now, out))
            return due;
    }
    if (of.ends && send_away(place, of.why, now, out)) return due;
    due = std::min(due, now < of.expires ? of.expires : renew(place, now, out));
    if (options_.health_interval > zero && source_->checks_health()) {
        const bool used = uses_of(place.word.load(std::memory_order_relaxed)) > 0;  // relaxed: a hint
        const auto when =
            clock_source::later(used ? std::max(of.checked, since) : of.checked, options_.health_interval);
        if (now < when)
            due = std::min(due, when);
        else if (may_take_one() && care_->under_way(errand::task::check) == 0 && take_idle(place))
            send_for(out, {.what = errand::task::check, .place = &place, .now = now});
    }
    return due;
}

/// The same. That a lease ends nobody tells us on the fast path, so the worst is taken: that it does in this moment.
inline clock_source::instant pool_core::inspect_lent(slot& place, slot_care& of, clock_source::instant now,
                                                     errands& out) {
    auto due = clock_source::never;
    const auto zero = std::chrono::nanoseconds::zero();
    if (options_.overflow_linger > zero && limits_.has_surplus(standing()))
        due = clock_source::later(now, options_.overflow_linger);
    if (options_.health_interval > zero && source_->checks_health())
        due = std::min(due, clock_source::later(now, options_.health_interval));
    due = std::min(due, inspect_lease(place, of, now));
    if (of.ends) return due;
    return std::min(due, now < of.expires ? of.expires : renew(place, now, out));
}

/// Whether it is overdue, also in a pool that is closed; returns when it will be.
inline clock_source::instant pool_core::inspect_lease(slot& place, slot_care& of, clock_source::instant now) {
    if (options_.overdue_after == options_.overdue_after.zero() || of.told_use != 0) return clock_source::never;
    const auto use = uses_of(place.word.load(std::memory_order_acquire));  // confirmed by what follows
    const auto holder = holder_of(place, now);
    const auto left = holder ? options_.overdue_after - holder->held : options_.overdue_after;
    if (left > left.zero()) return clock_source::later(now, left);
    of.told_use = use;
    ++care_->told;
    refresh_attention();  // announced first (A3); then looked whether it came home meanwhile (A4)
    if (const auto word = place.word.load(std::memory_order_seq_cst);
        phase_of(word) != slot_phase::in_use || uses_of(word) != use) {
        of.told_use = 0;
        --care_->told;
        return clock_source::later(now, options_.overdue_after);
    }
    ++counters_.overdue;
    tell(events::overdue{*holder});
    if (options_.on_overdue == overdue_action::replace && !closed_ && write_off(place))
        mark_ending(place, events::retirement::late);
    return clock_source::never;
}

/// When to look for leases that have begun, and for what they leave idle: on the fast path nobody tells us. If there
/// were none since the last look we doze, look once more, and then the next check-out tells, which finds that out by
/// the attention word. (The one more look is for a check-out that had passed it.)
inline clock_source::instant pool_core::look_for_leases(std::uint64_t uses, clock_source::instant now) {
    auto due = clock_source::never;
    if (options_.overdue_after > options_.overdue_after.zero()) due = clock_source::later(now, options_.overdue_after);
    if (options_.min_idle > 0 && limits_.has_room(live_)) due = std::min(due, clock_source::later(now, demand_look));
    const bool used = uses != std::exchange(care_->uses_seen, uses);
    const bool dozed = std::exchange(care_->dozes, !used && due != clock_source::never);
    return dozed && care_->dozes ? clock_source::never : due;
}

/// About a worker whose time is over: where there is room its successor is made first, one at a time. Returns when to
/// look again; never if somebody will tell.
inline clock_source::instant pool_core::renew(slot& place, clock_source::instant now, errands& out) {
    const bool renews = care_->under_way(errand::task::renew) + care_->under_way(errand::task::retire) > 0;
    if (renews || !may_fill_one()) return clock_source::never;
    if (!may_send_for_more(now)) return next_attempt_after(now);
    if (limits_.has_room(live_)) {
        if (slot* const fresh = reserve_place(now))
            send_for(out,
                     {.what = errand::task::renew, .place = fresh, .old = &place, .old_worker = place.id, .now = now});
    } else if (!send_away(place, events::retirement::expired, now, out)) {
        mark_ending(place, events::retirement::expired);
        return clock_source::later(now, demand_look);  // it may have come home before the mark was announced
    }
    return clock_source::never;
}

/// Has an idle worker ended, or one of an earlier generation, one at a time: a hook that hangs has no other behind it.
inline bool pool_core::send_away(slot& place, events::retirement why, clock_source::instant now, errands& out) {
    if (!may_take_one() || care_->under_way(errand::task::retire) > 0) return false;
    // relaxed: a stale worker is touched under the lock only
    if (phase_of(place.word.load(std::memory_order_relaxed)) != slot_phase::stale && !take_idle(place)) return false;
    begin_retiring(place, why);
    send_for(out, {.what = errand::task::retire, .place = &place, .now = now});
    return true;
}

inline void pool_core::make_missing(std::size_t idle, clock_source::instant now, errands& out) {
    if (care_->filling > 0) return;
    const bool fills = options_.start != start_mode::lazy || live_ < care_->filled;
    while (may_fill_one() && may_send_for_more(now) &&
           ((limits_.wants_more(live_) && fills) || idle < options_.min_idle)) {
        slot* const place = reserve_place(now);
        if (place == nullptr) return;
        ++idle;
        send_for(out, {.what = errand::task::make, .place = place, .now = now});
    }
}

}  // namespace pooly::detail
