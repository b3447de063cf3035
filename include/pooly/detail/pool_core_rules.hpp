// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>

#include <pooly/detail/pool_core.hpp>

// Who gets what: the decisions, all under the lock.
namespace pooly::detail {

/// An idle worker, claimed; null if there is none.
inline slot* pool_core::claim_idle() {
    if (options_.order != idle_order::affine) {
        if (ordered_.empty()) return nullptr;
        slot& place = options_.order == idle_order::lifo ? ordered_.pop_newest() : ordered_.pop_oldest();
        place.pass_on();  // no claim: what is ordered is taken here only
        return &place;
    }
    const auto from_index = [this]() -> slot* {
        while (const auto index = index_.pop())
            if (slot& place = slots_.at(*index); !is_outgrown(place) && place.try_take()) return &place;
        return nullptr;
    };
    if (scarce_) return from_index();
    std::size_t looked_at = 0;
    slot* const found = slots_.find(first_look(), slots_.size(), [&](slot& place) {
        ++looked_at;
        return !is_outgrown(place) && place.try_take();  // one that just came home is ended by whoever brought it
    });
    if (looked_at <= short_walk) return found;
    index_idle();
    return found != nullptr ? found : from_index();
}

/// From now on idle workers are found through the index: one walk over all slots is paid for by as many workers that
/// come back, and ended when more than an eighth of all that live are idle again. Announced first, looked second (A3,
/// A4): a worker that comes back meanwhile is indexed by whoever returned it.
inline void pool_core::index_idle() {
    scarce_ = true;
    index_due_ = slots_.size();
    refresh_attention();
    index_.clear();
    std::size_t index = 0;
    slots_.for_each([&](slot& place) {
        if (is_fit(place.word.load(std::memory_order_seq_cst))) index_.add(index);  // (A4)
        ++index;
    });
}

/// An idle worker, or a place in which to make one (rules 2 and 3); null if there is neither.
inline slot* pool_core::idle_or_place() {
    if (slot* const idle = claim_idle(); idle != nullptr) return idle;
    if (!limits_.has_room(live_)) return nullptr;
    slot* const place = reserve_place(clock_.now());
    if (place == nullptr || standing() != limits_.size + 1) return place;
    // The first overflow worker. Announce it, then look again (A3, A4): from here on those that come back are
    // dismissed, so this one is made only if really none is idle (rule 8).
    refresh_attention();
    slot* const idle = claim_idle();
    if (idle == nullptr) return place;
    cancel_place(*place);
    return idle;
}

/// An idle worker that is one too many (rule 7), claimed to be disposed of.
inline slot* pool_core::claim_surplus() {
    const bool wanted = !queue_.empty() && !holds_back();
    const auto now = standing();
    if (!limits_.is_over(now) && (wanted || !limits_.has_surplus(now) || keeps_surplus(0))) return nullptr;
    slot* const place = claim_idle();
    if (place == nullptr) return nullptr;
    place->change_unused(slot_phase::in_use);
    begin_retiring(*place, events::retirement::surplus);
    return place;
}

/// Whether a claim would find something.
inline bool pool_core::has_idle() {
    if (options_.order != idle_order::affine) return !ordered_.empty();
    if (scarce_) return index_.size() > 0;
    return slots_.find(0, slots_.size(), [this](slot& place) {
        return !is_outgrown(place) && is_fit(place.word.load(std::memory_order_seq_cst));  // (A4)
    }) != nullptr;
}

inline void pool_core::choose(waiter& one, slot& place, wake_list& wakes) noexcept {
    queue_.erase(one);
    if (one.chosen == waiter::answer::none) wakes.add(one);  // or it is being woken already
    one.chosen = waiter::answer::granted;
    one.place = &place;
}

/// Wakes one that stays in the queue. It may be chosen or refused before it has the lock, so it is to look under it.
inline void pool_core::have_try(waiter& one, wake_list& wakes) noexcept {
    one.chosen = waiter::answer::try_again;
    one.may_be_chosen_yet = true;
    wakes.add(one);
}

/// Barging: whether the oldest waiter has waited so long that nobody may overtake it any more.
inline bool pool_core::front_is_overdue() const noexcept {
    return !queue_.empty() && clock_.now() - queue_.front().since() >= options_.barging_limit;
}

/// Gives what is there to those who wait, oldest first (I3). Called after every change that may help one of them.
inline void pool_core::settle(wake_list& wakes) noexcept {
    while (!queue_.empty() && !holds_back()) {
        waiter& oldest = queue_.front();
        if (barging() && !front_is_overdue() && has_idle()) {  // for whoever is first, the oldest waiter or a newcomer
            if (oldest.chosen == waiter::answer::none) have_try(oldest, wakes);
            return;
        }
        slot* const place = idle_or_place();
        if (place == nullptr) return;
        choose(oldest, *place, wakes);
    }
}

/// Whether a worker was made before the last restart.
inline bool pool_core::is_outgrown(const slot& place) const noexcept {
    return place.generation != (generation_ & slot::generation_mask);
}

/// Whether a worker is not to be lent again.
inline bool pool_core::is_outdated(const slot& place) const noexcept {
    const slot_care* const of = care_of(place);
    return closed_ || is_outgrown(place) || (of != nullptr && of->ends);
}

inline events::retirement pool_core::why_it_ends(const slot& place) const noexcept {
    const slot_care* const of = care_of(place);
    if (of != nullptr && of->ends) return of->why;
    return closed_ ? events::retirement::closed : events::retirement::outdated;
}

/// Whether surplus workers stay all the same, though nobody waits for them: for the watchdog to dismiss when they idled
/// long enough, or because they are kept ahead of demand. `beside`: how many are about to be idle.
inline bool pool_core::keeps_surplus(std::size_t beside) {
    return options_.overflow_linger > options_.overflow_linger.zero() || keeps_ahead(beside);
}

inline bool pool_core::keeps_ahead(std::size_t beside) {
    return beside <= options_.min_idle && options_.min_idle > 0 && slots_.find(0, slots_.size(), [&](slot& place) {
        // relaxed: a count
        return is_fit(place.word.load(std::memory_order_relaxed)) && ++beside > options_.min_idle;
    }) == nullptr;
}

/// Whether the factory may be called now.
inline bool pool_core::may_make(clock_source::instant now) const noexcept {
    return governor_.may_connect(now) == outage_governor::verdict::go;
}

/// The backend is down, and no worker is left that could come back.
inline bool pool_core::outage() const noexcept {
    return governor_.is_down() && live_ - retiring_ <= governor_.connecting() &&
           options_.on_outage == outage_action::refuse;
}

/// Why nobody need wait any more.
inline std::optional<errc> pool_core::hopeless() const noexcept {
    if (closed_) return errc::closed;
    if (failed_) return errc::failed;
    if (outage()) return errc::backend_unavailable;
    return std::nullopt;
}

/// In an outage the oldest waiter is to wake up for the next attempt, unless it does so already.
inline void pool_core::name_prober(wake_list& wakes) noexcept {
    if (!governor_.is_down() || governor_.connecting() > 0 || queue_.empty() || !limits_.has_room(live_)) return;
    waiter& oldest = queue_.front();
    if (oldest.chosen != waiter::answer::none || oldest.look_again != clock_source::never) return;
    have_try(oldest, wakes);
}

inline void pool_core::refuse_all(errc code, wake_list& wakes) noexcept {
    while (!queue_.empty()) {
        waiter& one = queue_.front();
        queue_.erase(one);
        if (one.chosen == waiter::answer::none) wakes.add(one);  // or it is being woken already
        one.chosen = waiter::answer::refused;
        one.refusal = code;
        one.cause = cause_behind(code);
        if (code == errc::failed) one.death = fatal_;
        if (code == errc::backend_unavailable) ++counters_.backend_unavailable;
        if (code == errc::failed) ++counters_.failed;
    }
}

/// No worker that exists now is to be lent again (`is_outdated`): idle ones wait for `sweep_stale`, the others are
/// disposed of when they come back or are done. Announced first (A3), marked second (A4).
inline void pool_core::mark_all_stale() noexcept {
    refresh_attention();
    slots_.for_each([](slot& place) { (void)place.try_keep(slot_phase::stale); });
    ordered_.clear();
    index_.clear();
}

/// No idle worker is to be lent. Announced first (A3), marked second (A4). Returns how many workers are on loan, or on
/// their way to it, or have come home in this moment, of which whoever brought them will tell.
inline std::size_t pool_core::hold_all_back() noexcept {
    refresh_attention();
    std::size_t out = 0;
    slots_.for_each([&](slot& place) {
        if (place.try_keep(slot_phase::held)) return;
        const auto phase = phase_of(place.word.load(std::memory_order_relaxed));  // relaxed: a later one counts too
        if (const auto* const of = care_of(place); of != nullptr && of->written_off && phase != slot_phase::in_use)
            return;
        if (phase != slot_phase::empty && phase != slot_phase::stale && phase != slot_phase::retiring) ++out;
    });
    return out;
}

/// Lends again, unless there is another reason not to.
inline void pool_core::let_go() noexcept {
    if (holds_back()) return;
    slots_.for_each([](slot& place) {
        // relaxed: a worker that is held back is touched under the lock only
        if (phase_of(place.word.load(std::memory_order_relaxed)) == slot_phase::held) place.change(slot_phase::idle);
    });
}

/// Returns the bits that were not set before.
inline attention::bits pool_core::refresh_attention() noexcept {
    namespace a = attention;
    const auto bit = [](bool on, a::bits which) { return on ? which : a::bits{0}; };
    const bool waiting = !queue_.empty();
    const bool handed_over = waiting && (!barging() || front_is_overdue());
    const bool listening = waiting && (handed_over || queue_.front().chosen == waiter::answer::none);
    const bool lingers = options_.overflow_linger > options_.overflow_linger.zero();
    // relaxed load: only written here, under the lock, but for `forked`, in a child in which nobody comes here. Not
    // stored in vain: every core caches this line.
    const auto before = control_->attention.load(std::memory_order_relaxed);
    const auto now = bit(listening, a::waiters) | bit(handed_over, a::queueing) |
                     bit(limits_.is_over(standing()) || (limits_.has_surplus(standing()) && !lingers), a::surplus) |
                     bit(draining_ > 0, a::draining) | bit(scarce_, a::scarce) | bit(holds_back(), a::held_back) |
                     bit(closed_, a::closed) | bit(outgrown_ > 0, a::renewing) |
                     bit(care_ && care_->ending + care_->told + written_off_ > 0, a::marked) | bit(failed_, a::failed) |
                     bit(dozes(), a::dozing) | bit(options_.order != idle_order::affine, a::ordered) |
                     bit(timed_, a::timed) | bit(source_->resets(), a::resetting);
    if (before != now) control_->attention.store(now, std::memory_order_seq_cst);  // (A3)
    // One who returns a worker needs to see any of these bits, whichever: under the lock all is judged afresh.
    const bool announced = (before & a::locks_checkin) == 0 && (now & a::locks_checkin) != 0;
    if (announced && control_->has_process_fence) process_fence::issue();
    return now & ~before;
}

}  // namespace pooly::detail
