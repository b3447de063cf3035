// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <bit>
#include <exception>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include <pooly/detail/pool_core.hpp>

// Making: from an empty place to a worker in it.
namespace pooly::detail {

inline slot* pool_core::reserve_place(clock_source::instant now) {
    if (closed_ || failed_ || !limits_.has_room(live_) || !may_make(now)) return nullptr;
    // relaxed: slots become empty, and stop being it, under the lock
    const auto empty = [](slot& place) { return place.word.load(std::memory_order_relaxed) == 0; };
    slot* const place = slots_.find(first_empty_, slots_.size(), empty);
    first_empty_ = slots_.index_of(*place) + 1;
    ++live_;
    place->created = std::bit_cast<std::chrono::nanoseconds::rep>(governor_.begin());  // until the factory is through
    if (care_) care_of(*place)->connects = true;
    place->id = ++last_worker_ & slot::id_mask;
    place->generation = generation_ & slot::generation_mask;
    place->line_and_use.store(0, std::memory_order_relaxed);  // relaxed: what is written there is of another worker
    place->word.store(word_of(slot_phase::making), std::memory_order_relaxed);  // relaxed: an empty one is nobody's
    return place;
}

/// The attempt to make a worker there, to be ended by the caller; nothing if it has ended, because it was given up.
inline std::optional<outage_governor::attempt> pool_core::take_attempt(slot& place) noexcept {
    if (care_ && !std::exchange(care_of(place)->connects, false)) return std::nullopt;
    return std::bit_cast<outage_governor::attempt>(place.created);
}

/// A place whose factory was not called.
inline void pool_core::cancel_place(slot& place) noexcept {
    if (const auto attempt = take_attempt(place)) governor_.abandoned(*attempt);
    free_place(place);
}

inline void pool_core::free_place(slot& place) noexcept {
    unmark(place);
    past_uses_ += uses_of(place.word.load(std::memory_order_relaxed));
    place.word.store(0, std::memory_order_relaxed);
    first_empty_ = std::min(first_empty_, slots_.index_of(place));
    --live_;
    if (is_outgrown(place)) --outgrown_;
    if (!care_) return;
    care_->let_go(place);
    auto& of = care_->of[slots_.index_of(place)];
    if (of.told_use != 0) --care_->told;
    of = {};
    care_->stirred = true;
}

/// For a worker that nobody asked for.
inline create_context pool_core::spare_context() const {
    create_context context;
    context.deadline = steady_deadline(options_.checkout_timeout);
    return context;
}

inline std::exception_ptr pool_core::construct(slot& place, const create_context& context,
                                               clock_source::instant now) noexcept {
    const auto began = clock_.now();
    std::exception_ptr error;
    try {
        source_->construct(worker(place), context);
    } catch (...) {
        error = std::current_exception();
    }
    const auto ended = clock_.now();
    if (error == nullptr) {
        // By the clock that will be asked how long it idled; relaxed: published with the worker (S1)
        place.since.store(stamp_time().count(), std::memory_order_relaxed);
        create_.record(ended - began);
    }
    auto why = text_for_observer(error);
    std::exception_ptr forgotten;  // its end is user code, too (I5)
    const std::lock_guard<std::mutex> guard{mutex()};
    factory_fails_ = error != nullptr;
    now = std::max(now, ended);
    const auto attempt = take_attempt(place);
    if (!factory_fails_) {
        ++counters_.created;
        place.created = ended.count();
        if (attempt) governor_.succeeded(*attempt);
        if (!governor_.is_down() && std::exchange(told_down_, false)) tell(events::backend_up{now - down_since_});
        note_created(place, now, ended - began);
    } else {
        ++counters_.create_failures;
        forgotten = std::exchange(last_error_, error);
        last_error_at_ = ended;
        if (attempt) governor_.failed(*attempt, now);
        if (governor_.is_down() && !std::exchange(told_down_, true)) {
            down_since_ = now;
            tell(events::backend_down{std::move(why), governor_.next_attempt() - now});
        }
        if (governor_.is_down()) {  // the outage explains why workers died
            deaths_.forget();
            last_death_ = clock_source::instant::min();
            failed_ = false;
        } else if (care_) {
            care_->rests_until = now + care::rest;
        }
    }
    return error;
}

/// Makes a worker that nobody asked for. Returns the factory's exception.
inline std::exception_ptr pool_core::make_spare(slot& place, const create_context& context, clock_source::instant now) {
    const bool tried = !is_closed();
    std::exception_ptr error;
    if (tried) error = construct(place, context, now);
    wake_list wakes;
    std::unique_lock<std::mutex> lock{mutex()};
    if (tried && error == nullptr) {
        bring_home(place, lock, wakes);
        return nullptr;
    }
    if (tried)
        free_place(place);
    else
        cancel_place(place);
    conclude(lock, wakes);
    return error;
}

}  // namespace pooly::detail
