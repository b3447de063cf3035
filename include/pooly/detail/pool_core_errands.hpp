// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <mutex>
#include <optional>
#include <utility>

#include <pooly/detail/pool_core.hpp>

// Under a watchdog: doing what is due, in a maintenance thread.
namespace pooly::detail {

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

}  // namespace pooly::detail
