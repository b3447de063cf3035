// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <bit>
#include <chrono>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include <pooly/detail/pool_core.hpp>

// Under a watchdog: doing what is due, in a maintenance thread.
namespace pooly::detail {

/// In a maintenance thread.
inline void pool_core::run(const errand& one) noexcept {
    const auto* const outer = std::exchange(errand_of_this_thread, this);
    switch (one.what) {
        case errand::task::make: (void)make_spare(*one.place, spare_context(), one.now); break;
        case errand::task::renew:
            if (make_spare(*one.place, spare_context(), one.now) == nullptr) succeed(*one.old, one.old_worker);
            break;
        case errand::task::check: check_idle(*one.place, one.now); break;
        case errand::task::retire: dispose(*one.place, farewell::with_retire, then::leave_empty); break;
        case errand::task::tell: tell_observer(); break;
    }
    errand_of_this_thread = outer;
    wake_list wakes;
    std::unique_lock<std::mutex> lock{mutex()};
    std::erase_if(care_->out, [&](const care::outing& other) { return other.number == one.number; });
    care_->stirred = true;  // what is missing now is another errand
    finish(lock, wakes);
}

inline void pool_core::check_idle(slot& place, clock_source::instant now) noexcept {
    auto illness = is_closed() ? std::nullopt : find_illness(place);  // in a closed pool it ends anyway
    wake_list wakes;
    std::unique_lock<std::mutex> lock{mutex()};
    ++counters_.health_checks;
    if (!illness) {
        care_->of[slots_.index_of(place)].checked = std::max(now, clock_.now());
        return bring_home(place, lock, wakes);
    }
    ++counters_.unhealthy;
    begin_retiring(place);
    note_death(*illness, place, std::max(now, clock_.now()));
    finish(lock, wakes);
    dispose(place, farewell::with_retire, then::leave_empty);
}

/// The successor of a worker is there: it ends at the next visit if it is idle, or when it comes home.
inline void pool_core::succeed(const slot& old, std::uint64_t worker) noexcept {
    wake_list wakes;
    std::unique_lock<std::mutex> lock{mutex()};
    const auto phase = phase_of(old.word.load(std::memory_order_relaxed));  // relaxed: its owner looks for the mark
    const bool lives = phase == slot_phase::idle || phase == slot_phase::held || phase == slot_phase::in_use ||
                       phase == slot_phase::checking;
    if (lives && old.id == worker) mark_ending(old, events::retirement::expired);
    finish(lock, wakes);
}

/// Tells the observer what is in the queue, for half as long as an errand may take: what is left is told by another.
/// Not under the lock.
inline void pool_core::tell_observer() noexcept {
    const auto steady = clock_source::of<std::chrono::steady_clock>();
    const auto patience = options_.check_timeout / 2;
    const auto until = patience > patience.zero() ? steady.after(patience) : clock_source::never;
    do {
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
    } while (steady.now() < until);
}

/// An errand takes too long. It is told, and the others do not wait for it: its place is given away, and if it is in
/// the factory, somebody else may connect. (There is one observer, whose events come one by one.)
inline void pool_core::note_stuck(std::unique_lock<std::mutex> lock, const errand& one,
                                  std::chrono::nanoseconds lasted) noexcept {
    wake_list wakes;
    if (auto* const out = care_->find(one.number)) {
        out->stuck = one.what != errand::task::tell;
        ++counters_.stuck;
        // A check or a make may have come to the worker's end, and behind that to a surplus one's. relaxed: its owner
        // is stuck.
        slot* const place = out->place;
        const bool ends = place != nullptr
                              ? phase_of(place->word.load(std::memory_order_relaxed)) == slot_phase::retiring
                              : one.place != nullptr;
        tell(events::stuck{ends ? "retire" : one.name(), place != nullptr ? place->id : 0, lasted});
        if (place != nullptr) give_up(*place);
        care_->stirred = true;  // a place may want a worker now
        settle(wakes);
    }
    finish(lock, wakes);
}

/// A worker in which user code is stuck that the watchdog called.
inline void pool_core::give_up(slot& place) noexcept {
    // relaxed: its owner is stuck, or about to wait for the lock
    const auto phase = phase_of(place.word.load(std::memory_order_relaxed));
    if (phase != slot_phase::making && phase != slot_phase::checking && phase != slot_phase::retiring) return;
    if (!write_off(place)) return;
    if (phase != slot_phase::making) return mark_ending(place, events::retirement::late);
    if (const auto attempt = take_attempt(place)) governor_.abandoned(*attempt);  // or the factory is through already
}

}  // namespace pooly::detail
