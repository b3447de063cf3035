// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <mutex>
#include <utility>

#include <pooly/detail/pool_core.hpp>

// Under a watchdog: what is due.
namespace pooly::detail {

inline void pool_core::send_for(errands& out, errand::task what, slot* place, clock_source::instant now) {
    if (what == errand::task::make) ++care_->makes;
    out.add({what, this, place, now});
    ++errands_out_;
}

inline clock_source::instant pool_core::inspect(std::unique_lock<std::mutex> lock, clock_source::instant now,
                                                errands& out) noexcept {
    wake_list wakes;
    auto due = clock_source::never;
    if (failed_ && !closed_ && heals_) {
        due = heal_at_;
        if (now >= heal_at_ && !std::exchange(care_->restarts, true)) {
            send_for(out, errand::task::restart, nullptr, now);
            due = clock_source::never;
        }
    }
    if (!failed_ && !closed_) {
        std::size_t idle = care_->makes + (care_->checks ? 1U : 0U);  // or about to be
        std::size_t index = 0;
        std::uint64_t uses = past_uses_;
        slots_.for_each([&](slot& place) {
            auto& of = care_->of[index++];
            const auto word = place.word.load(std::memory_order_relaxed);  // relaxed: confirmed by a claim
            const auto phase = phase_of(word);
            uses += uses_of(word);
            if (phase == slot_phase::idle || phase == slot_phase::held) {
                ++idle;
                due = std::min(due, inspect_idle(place, of, now, out));
            }
            if (phase == slot_phase::in_use || phase == slot_phase::checking)
                due = std::min(due, inspect_lent(place, of, now));
        });
        settle(wakes);
        make_missing(idle, now, out);
        due = std::min(due, look_for_leases(uses, now));
        const bool wanting = limits_.wants_more(live_) || !queue_.empty() || options_.min_idle > idle;
        if (wanting) due = std::min(due, next_attempt_after(now));
    }
    // Last, for what was found just now is to be told, too.
    if (care_->events && !care_->events->empty() && !std::exchange(care_->tells, true))
        send_for(out, errand::task::tell, nullptr, now);
    care_->stirred = false;
    finish(lock, wakes);
    return due;
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
    if (options_.overflow_linger > zero && limits_.has_surplus(standing())) {
        const auto over = since + options_.overflow_linger;
        if (now < over) {
            due = std::min(due, over);
        } else if (!keeps_ahead(0) && !care_->retires && take_idle(place)) {
            ++counters_.dismissed;
            care_->retires = true;
            begin_retiring(place, events::retirement::surplus);
            send_for(out, errand::task::retire, &place, now);
            return due;
        }
    }
    if (of.expires <= now && !care_->renews && !care_->retires && may_send_for_more(now)) {
        if (limits_.has_room(live_)) {
            care_->renews = true;
            if (slot* const fresh = reserve_place(now); fresh != nullptr) {
                care_->old = &place;
                care_->old_worker = place.id;
                send_for(out, errand::task::renew, fresh, now);
            } else {
                care_->renews = false;
            }
        } else if (take_idle(place)) {
            care_->retires = true;
            begin_retiring(place, events::retirement::expired);
            send_for(out, errand::task::retire, &place, now);
            return due;
        }
    } else {
        due = std::min(due, of.expires > now ? of.expires : next_attempt_after(now));
    }
    if (options_.health_interval > zero && source_->checks_health()) {
        const bool used = uses_of(place.word.load(std::memory_order_relaxed)) > 0;  // relaxed: a hint
        const auto when = (used ? std::max(of.checked, since) : of.checked) + options_.health_interval;
        if (now < when) {
            due = std::min(due, when);
        } else if (!care_->checks && take_idle(place)) {
            care_->checks = true;
            send_for(out, errand::task::check, &place, now);
        }
    }
    return due;
}

/// When to look for leases that have begun, and for what they leave idle: on the fast path nobody tells us. If there
/// were none since the last look we doze, look once more, and then the next check-out tells, which finds that out by
/// the attention word. (The one more look is for a check-out that had passed it.)
inline clock_source::instant pool_core::look_for_leases(std::uint64_t uses, clock_source::instant now) {
    auto due = clock_source::never;
    if (options_.overdue_after > options_.overdue_after.zero()) due = now + options_.overdue_after;
    if (options_.min_idle > 0 && limits_.has_room(live_)) due = std::min(due, now + demand_look);
    const bool used = uses != std::exchange(care_->uses_seen, uses);
    const bool dozed = std::exchange(care_->dozes, !used && due != clock_source::never);
    return dozed && care_->dozes ? clock_source::never : due;
}

/// As inspect_idle. That the lease ends is not told either, so the worst is taken: that it ends in this moment.
inline clock_source::instant pool_core::inspect_lent(slot& place, slot_care& of, clock_source::instant now) {
    auto due = clock_source::never;
    const auto zero = std::chrono::nanoseconds::zero();
    if (options_.overflow_linger > zero && limits_.has_surplus(standing()))
        due = std::min(due, now + options_.overflow_linger);
    if (options_.health_interval > zero && source_->checks_health())
        due = std::min(due, now + options_.health_interval);
    if (options_.overdue_after > zero && of.told_use == 0) {
        const auto holder = holder_of(place, now);
        const auto left = holder ? options_.overdue_after - holder->held : options_.overdue_after;
        if (left > zero) {
            due = std::min(due, now + left);
        } else {
            of.told_use = uses_of(place.word.load(std::memory_order_relaxed));  // relaxed: confirmed by what follows
            ++care_->told;
            ++counters_.overdue;
            refresh_attention();  // announced first (A3); then looked whether it came home meanwhile (A4)
            if (const auto word = place.word.load(std::memory_order_seq_cst);
                phase_of(word) != slot_phase::in_use || uses_of(word) != of.told_use) {
                of.told_use = 0;
                --care_->told;
                --counters_.overdue;
                return due;
            }
            tell(events::overdue{*holder});
            if (options_.on_overdue == overdue_action::replace) (void)write_off(place);
        }
    }
    if (now < of.expires) return std::min(due, of.expires);
    if (of.ends) return due;
    if (!may_send_for_more(now)) return std::min(due, next_attempt_after(now));
    mark_ending(place, events::retirement::expired);
    return due;
}

inline void pool_core::make_missing(std::size_t idle, clock_source::instant now, errands& out) {
    const bool fills = options_.start != start_mode::lazy || live_ < care_->filled;
    while (!out.full() && may_send_for_more(now) &&
           ((limits_.wants_more(live_) && fills) || idle < options_.min_idle)) {
        slot* const place = reserve_place(now);
        if (place == nullptr) return;
        ++idle;
        send_for(out, errand::task::make, place, now);
    }
}

}  // namespace pooly::detail
