// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <utility>

#include <pooly/detail/pool_core.hpp>

// Under a watchdog: what is due, and doing it.
namespace pooly::detail {

inline slot_care* pool_core::care_of(const slot& place) noexcept {
    return care_ ? &care_->of[slots_.index_of(place)] : nullptr;
}
inline const slot_care* pool_core::care_of(const slot& place) const noexcept {
    return care_ ? &care_->of[slots_.index_of(place)] : nullptr;
}

/// For the observer, if there is one.
inline void pool_core::tell(events::any what) noexcept {
    if (!care_ || !care_->events) return;
    care_->events->push(std::chrono::system_clock::now(), std::move(what));
    care_->stirred = true;
}

/// A worker that was well once is lost, and was not meant to be. Counts towards the restart intensity (rule 17), unless
/// an outage explains it, or it was found dead after another one, before which it was made: then both died of one
/// cause. What its holder discards always counts.
inline void pool_core::note_death(slot& place, events::death reason, clock_source::instant now) noexcept {
    tell(events::discarded{place.id, reason});
    if (care_ && care_->events && care_->lost.size() < care_->lost.capacity()) care_->lost.push_back(place.id);
    if (closed_ || failed_ || governor_.is_down()) return;
    const bool same_cause =
        clock_source::instant{place.created} <= last_death_ && now - last_death_ <= options_.restart_window;
    if (reason != events::death::discarded && same_cause) return;
    last_death_ = now;
    if (!deaths_.count(now)) return;
    failed_ = true;
    if (now - heal_at_ > options_.backoff_cap) healing_.reset();  // it was well for long
    heal_at_ = clock_.after(healing_.next());
    if (care_) care_->stirred = true;
    tell(events::failed{options_.max_restarts + 1, options_.restart_window});
}

inline void pool_core::note_created(slot& place, clock_source::instant now, std::chrono::nanoseconds took) noexcept {
    if (!care_) return;
    auto& of = care_->of[slots_.index_of(place)];
    of.checked = care_->first_check(now, options_.health_interval);
    of.expires = care_->end_of_life(now, options_);
    care_->filled = std::max(care_->filled, std::min(live_, limits_.size));
    tell(events::created{place.id, place.generation, took});
    care_->stirred = true;
    if (care_->lost.empty()) return;
    tell(events::replaced{place.id, care_->lost.front()});
    care_->lost.erase(care_->lost.begin());
}

/// A lease ends, or has ended. If it was told as overdue, that is over.
inline void pool_core::note_return(slot& place, clock_source::instant now) noexcept {
    slot_care* const of = care_of(place);
    if (of == nullptr || of->told_use == 0) return;
    const auto word = place.word.load(std::memory_order_relaxed);  // relaxed: it is ours, or not that lease any more
    const bool ends = phase_of(word) == slot_phase::in_use && uses_of(word) == of->told_use;
    of->told_use = 0;
    --care_->told;
    auto holder = ends ? holder_of(place, now) : std::nullopt;
    if (!holder) {
        holder.emplace();
        holder->worker = place.id;
    }
    tell(events::restored{std::move(*holder)});
}

/// For the watchdog, which takes a worker that it has picked itself.
inline bool pool_core::take_idle(slot& place) noexcept {
    if (!place.try_keep(slot_phase::checking)) return false;
    if (options_.order != idle_order::affine) ordered_.erase(place);
    return true;
}

/// A worker on loan, or in the hands of the watchdog, is to end when it comes home.
inline void pool_core::mark_ending(slot& place, events::retirement why) noexcept {
    auto& of = care_->of[slots_.index_of(place)];
    of.why = why;
    if (!std::exchange(of.ends, true)) ++care_->ending;
}

/// It is on its way out now.
inline void pool_core::unmark(slot& place) noexcept {
    slot_care* const of = care_of(place);
    if (of == nullptr || !std::exchange(of->ends, false)) return;
    --care_->ending;
    if (!std::exchange(of->written_off, false)) return;
    --written_off_;
    ++live_;
}

/// Gives the place of a worker away that user code does not let go of. The worker ends when it comes home, and counts
/// no more until then. False: there are as many of that kind as places already, or there is no memory.
inline bool pool_core::write_off(slot& place) noexcept {
    if (written_off_ >= limits_.places()) return false;
    if (slots_.size() < limits_.places() + written_off_ + 1) {
        try {
            slots_.append(std::make_unique<slot_array::run>(std::max<std::size_t>(1, limits_.places() / 4), layout_));
            fit_to_slots();
        } catch (const std::bad_alloc&) {
            return false;
        }
    }
    mark_ending(place, events::retirement::late);
    care_->of[slots_.index_of(place)].written_off = true;
    ++written_off_;
    --live_;
    ++counters_.written_off;
    return true;
}

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
        slots_.for_each([&](slot& place) {
            auto& of = care_->of[index++];
            const auto phase = phase_of(place.word.load(std::memory_order_relaxed));  // relaxed: confirmed by a claim
            if (phase == slot_phase::idle || phase == slot_phase::held) {
                ++idle;
                due = std::min(due, inspect_idle(place, of, now, out));
            }
            if (phase == slot_phase::in_use) due = std::min(due, inspect_lent(place, of, now));
        });
        settle(wakes);
        make_missing(idle, now, out);
        // On the fast path nobody tells us that one fewer is idle.
        if (options_.min_idle > 0 && limits_.has_room(live_)) due = std::min(due, now + demand_look);
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
    if (options_.overdue_after > zero) due = now + options_.overdue_after;  // it may be lent in this moment
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

/// The same. On the fast path nobody tells us that a lease begins or ends, so the worst is taken: here, that it ends in
/// this moment.
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

inline create_context pool_core::context_of_errand() const {
    create_context context;
    context.deadline = steady_deadline(options_.checkout_timeout);
    return context;
}

/// In a maintenance thread.
inline void pool_core::run(const errand& one) noexcept {
    const auto* const outer = std::exchange(errand_of_this_thread, this);
    switch (one.what) {
        case errand::task::make: (void)make_spare(*one.place, context_of_errand(), one.now); break;
        case errand::task::renew: renew(*one.place, context_of_errand(), one.now); break;
        case errand::task::check: check_idle(*one.place, one.now); break;
        case errand::task::retire: dispose(*one.place, farewell::with_retire, then::refill); break;
        case errand::task::tell: tell_observer(); break;
        case errand::task::restart: try { restart();
            } catch (...) {  // its cause is remembered; what is missing is made later
            }
            break;
    }
    errand_of_this_thread = outer;
    wake_list wakes;
    std::unique_lock<std::mutex> lock{mutex()};
    --errands_out_;
    if (one.what == errand::task::make) --care_->makes;
    if (one.what == errand::task::check) care_->checks = false;
    if (one.what == errand::task::retire) care_->retires = false;
    if (one.what == errand::task::restart) care_->restarts = false;
    if (one.what == errand::task::tell) care_->tells = false;
    care_->stirred = true;
    finish(lock, wakes);
}

inline void pool_core::check_idle(slot& place, clock_source::instant now) noexcept {
    bool well = is_closed();  // then it ends anyway
    try {
        well = well || source_->healthy(worker(place));
    } catch (...) {  // a worker that cannot be asked is as good as dead
    }
    wake_list wakes;
    std::unique_lock<std::mutex> lock{mutex()};
    ++counters_.health_checks;
    if (well) {
        care_->of[slots_.index_of(place)].checked = std::max(now, clock_.now());
        const bool kept = put_back(place, wakes);
        conclude(lock, wakes);
        if (!kept) dispose(place, farewell::with_retire, then::leave_empty);
        return;
    }
    ++counters_.unhealthy;
    begin_retiring(place);
    note_death(place, events::death::unhealthy, std::max(now, clock_.now()));
    finish(lock, wakes);
    dispose(place, farewell::with_retire, then::refill);
}

/// Makes a worker and then ends the one whose place it takes, or has it end when it comes home.
inline void pool_core::renew(slot& place, const create_context& context, clock_source::instant now) noexcept {
    const bool tried = !is_closed();
    const bool made = tried && construct(place, context, now) == nullptr;
    wake_list wakes;
    std::unique_lock<std::mutex> lock{mutex()};
    care_->renews = false;
    slot* ending = nullptr;
    bool kept = true;
    if (made) {
        slot& old = *care_->old;
        const auto phase = phase_of(old.word.load(std::memory_order_relaxed));  // relaxed: confirmed by a claim
        if (old.id == care_->old_worker && take_idle(old)) {
            begin_retiring(old, events::retirement::expired);
            ending = &old;
        } else if (old.id == care_->old_worker && (phase == slot_phase::in_use || phase == slot_phase::checking)) {
            mark_ending(old, events::retirement::expired);
        }
        kept = put_back(place, wakes);
    } else if (tried) {
        free_place(place);
    } else {
        cancel_place(place);
    }
    conclude(lock, wakes);
    if (!kept) dispose(place, farewell::with_retire, then::leave_empty);
    if (ending != nullptr) dispose(*ending, farewell::with_retire, then::leave_empty);
}

/// Tells the observer all that is in the queue. Not under the lock.
inline void pool_core::tell_observer() noexcept {
    if (!care_->events) return;
    for (;;) {
        std::optional<event_queue::entry> next;
        {
            const std::lock_guard<std::mutex> guard{mutex()};
            next = care_->events->pop();
        }
        if (!next) return;
        try {
            care_->observer->notify({name_, next->number, next->at, std::move(next->what)});
        } catch (...) {
            const std::lock_guard<std::mutex> guard{mutex()};
            ++counters_.observer_failures;
        }
    }
}

/// An errand takes too long. It is told; a worker whose health is asked for ever is given up.
inline void pool_core::note_stuck(std::unique_lock<std::mutex> lock, const errand& one, std::uint64_t worker,
                                  std::chrono::nanoseconds lasted) noexcept {
    wake_list wakes;
    bool still = one.place == nullptr;
    if (one.place != nullptr && one.place->id == worker) {
        const auto phase = phase_of(one.place->word.load(std::memory_order_relaxed));  // relaxed: changed by its owner
        const bool checking = phase == slot_phase::checking;
        still = checking || phase == slot_phase::making || phase == slot_phase::retiring;
        if (checking && one.what == errand::task::check) (void)write_off(*one.place);
        // The others do not wait for it.
        if (one.what == errand::task::check) care_->checks = false;
        if (one.what == errand::task::retire) care_->retires = false;
    }
    if (still) {
        ++counters_.stuck;
        care_->stirred = true;  // a place may want a worker now
        tell(events::stuck{one.name(), worker, lasted});
        settle(wakes);
    }
    finish(lock, wakes);
}

inline void pool_core::heal_by_itself() noexcept {
    const std::lock_guard<std::mutex> guard{mutex()};
    heals_ = true;
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
