// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <utility>

#include <pooly/detail/pool_core.hpp>

// Under a watchdog: what is remembered of workers, and told of them.
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

/// What an exception says, which is user code: not to be called under the lock, nor in vain.
inline std::string pool_core::text_for_observer(const std::exception_ptr& error) const noexcept {
    return care_ && care_->observer ? text_if_any(error) : std::string{};
}

/// Not under the lock. Of an exception that the worker's holder handles the text is enough: how long it lives is his
/// affair.
inline obituary pool_core::write_obituary(const slot& place, events::death reason,
                                          std::exception_ptr thrown) const noexcept {
    auto text = text_for_observer(thrown);
    if (reason == events::death::discarded) thrown = nullptr;
    return {{place.id, reason, std::move(text), place.last_lent_at()}, std::move(thrown)};
}

/// A consumer was turned away for the good of the others.
inline void pool_core::note_shed(errc reason, const call_site& where) noexcept {
    if (!care_ || !care_->events) return;
    auto& tally = care_->shed_for(reason);
    if (tally.due() == clock_source::never) care_->stirred = true;  // to know when the sum is due
    tally.add(queue_.size(), where);
    (void)tell_shed(clock_.now());
}

/// Tells how many were turned away, as far as that is due. Returns: when the rest is.
inline clock_source::instant pool_core::tell_shed(clock_source::instant now) noexcept {
    auto due = clock_source::never;
    for (auto& tally : care_->shed) {
        if (auto sum = tally.take(now)) tell(std::move(*sum));
        due = std::min(due, tally.due());
    }
    return due;
}

/// A worker that was well once is lost, and was not meant to be. Counts towards the restart intensity (rule 17), unless
/// an outage explains it, or it was found dead after another one, before which it was made: then both died of one
/// cause. What its holder discards always counts. The obituary is left with what is to be dropped without the lock.
inline void pool_core::note_death(obituary& of, const slot& place, clock_source::instant now) noexcept {
    const auto reason = of.told.reason;
    const auto where = of.told.where;
    tell(std::move(of.told));
    if (care_ && care_->events && limits_.wants_more(live_ - 1) && care_->lost.size() < care_->lost.capacity())
        care_->lost.push_back(place.id);
    if (closed_ || failed_ || governor_.is_down()) return;
    const bool same_cause =
        clock_source::instant{place.created} <= last_death_ && now - last_death_ <= options_.restart_window;
    if (reason != events::death::discarded && same_cause) return;
    last_death_ = now;
    if (!deaths_.count(now)) return;
    failed_ = true;
    fatal_ = {reason,
              where,
              std::exchange(of.error, std::move(fatal_.error)),
              now,
              options_.max_restarts + 1,
              options_.restart_window};
    if (now - heal_at_ > options_.backoff_cap) healing_.reset();  // it was well for long
    const auto pause = healing_.next();
    heal_at_ = clock_source::later(now, pause);
    if (care_) care_->stirred = true;
    tell(events::failed{fatal_.deaths, fatal_.window, heals_ ? std::optional{pause} : std::nullopt});
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

/// Whether the lease that was told as overdue has not ended yet.
inline bool pool_core::is_told_and_out(const slot& place) const noexcept {
    const slot_care* const of = care_of(place);
    const auto word = place.word.load(std::memory_order_relaxed);  // relaxed: it is ours, or not that lease any more
    return of != nullptr && phase_of(word) == slot_phase::in_use && uses_of(word) == of->told_use;
}

/// A lease ends, or has ended. If it was told as overdue, that is over.
inline void pool_core::note_return(slot& place, clock_source::instant now) noexcept {
    slot_care* const of = care_of(place);
    if (of == nullptr || of->told_use == 0) return;
    const bool ends = is_told_and_out(place);
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

/// A worker that somebody has is to end when it comes home.
inline void pool_core::mark_ending(const slot& place, events::retirement why) noexcept {
    auto& of = care_->of[slots_.index_of(place)];
    of.why = why;
    if (!std::exchange(of.ends, true) && !of.written_off) ++care_->ending;
}

/// It is on its way out now, or back.
inline void pool_core::unmark(slot& place) noexcept {
    slot_care* const of = care_of(place);
    if (of == nullptr) return;
    const bool ended = std::exchange(of->ends, false);
    if (!std::exchange(of->written_off, false)) {
        if (ended) --care_->ending;
        return;
    }
    --written_off_;
    ++live_;
    // relaxed: it is the caller's
    if (phase_of(place.word.load(std::memory_order_relaxed)) == slot_phase::retiring) ++retiring_;
}

/// Gives the place of a worker away that user code does not let go of: it counts no more until it is back. False: there
/// are as many of that kind as places already, or there is no memory.
inline bool pool_core::write_off(slot& place) noexcept {
    if (written_off_ >= limits_.places()) return false;
    if (slots_.size() < limits_.places() + written_off_ + 1) {
        try {
            grow(std::make_unique<slot_array::run>(std::max<std::size_t>(1, limits_.places() / 4), layout_));
        } catch (const std::bad_alloc&) {
            return false;
        }
    }
    auto& of = care_->of[slots_.index_of(place)];
    of.written_off = true;
    if (of.ends) --care_->ending;
    // relaxed: whoever has it does not change it under the lock
    if (phase_of(place.word.load(std::memory_order_relaxed)) == slot_phase::retiring) --retiring_;
    ++written_off_;
    --live_;
    ++counters_.written_off;
    return true;
}

inline void pool_core::heal_by_itself() noexcept {
    const std::lock_guard<std::mutex> guard{mutex()};
    heals_ = true;
}

}  // namespace pooly::detail
