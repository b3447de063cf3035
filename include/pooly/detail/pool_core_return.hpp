// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <exception>
#include <mutex>
#include <optional>
#include <utility>

#include <pooly/detail/pool_core.hpp>

// Coming home: from a worker in the caller's hands to the next consumer, to idle, or to its end.
namespace pooly::detail {

/// Tells `core` about a worker that is idle already, if the pool of that id still lives here. (The caller holds
/// neither pool nor lease any more; see control_block.)
[[gnu::noinline]] inline void look_after_return(control_block& control, std::uint64_t pool_id, slot& place) noexcept {
    std::unique_lock<std::mutex> lock{control.mutex};
    if (control.core != nullptr && control.pool_id == pool_id) control.core->look_after(place, std::move(lock));
}

/// Returns the worker with one store. False: it is still the caller's, and needs the lock.
[[nodiscard, gnu::always_inline]] inline bool return_lock_free(control_block& control, slot& place,
                                                               std::chrono::nanoseconds now,
                                                               attention::bits stop_at) noexcept {
    // relaxed: a look ahead, so that a worker somebody waits for is not idle for a moment; (A2) is what counts
    if ((control.attention.load(std::memory_order_relaxed) & stop_at) != 0) return false;
    const auto pool_id = control.pool_id;  // read while the lease still keeps the pool
    if (const auto held = now - place.since_when(); held > held.zero()) {
        if (now == coarse_tick::asleep) return false;
        control.core->note_hold(held);
    }
    place.update_since(now);                                                   // idle since
    const auto home = place.word.load(std::memory_order_relaxed) - come_home;  // relaxed: our own
    if (control.has_process_fence) {
        place.word.store(home, std::memory_order_release);    // (S3), (A1)
        std::atomic_signal_fence(std::memory_order_seq_cst);  // the light fence
    } else {
        (void)place.word.exchange(home, std::memory_order_seq_cst);  // (S3), (A1)
    }
    // From here on the worker is anybody's, and the pool may be gone.
    const auto seen = control.attention.load(std::memory_order_seq_cst);  // (A2)
    if ((seen & attention::locks_checkin) != 0) look_after_return(control, pool_id, place);
    return true;
}

/// The one way home for a worker that is well.
[[gnu::always_inline]] inline void check_in(control_block& control, slot& place) noexcept {
    if (!return_lock_free(control, place, coarse_tick::now(), attention::slows_checkin)) control.core->check_in(place);
}

inline void pool_core::check_in(slot& place) noexcept {
    if (forked()) return;
    const auto now = stamp_time();
    if (source_->resets() && !ends_here(place)) {  // or it need not be clean
        if (auto death = clean(place))
            return retire(place, farewell::with_retire, then::leave_empty, &pool_counters::reset_failures,
                          std::move(death));
    }
    if (return_lock_free(*control_, place, now, attention::locks_checkin)) return;
    wake_list wakes;
    std::unique_lock<std::mutex> lock{mutex()};
    note_return(place, now);
    if (const auto held = now - place.since_when(); held > held.zero()) hold_.record(held);
    place.update_since(now);
    bring_home(place, lock, wakes);
}

/// Says how the caller's worker died of it, if it did.
inline std::optional<obituary> pool_core::clean(slot& place) noexcept {
    try {
        source_->reset(worker(place));
        return std::nullopt;
    } catch (...) {
        return write_obituary(place, events::death::reset_failed, std::current_exception());
    }
}

/// Whether the caller's worker will not be lent again. Takes the lock only if there is something to it.
inline bool pool_core::ends_here(const slot& place) const noexcept {
    // relaxed: a look ahead; the answer may be another one by the time it is put back
    const auto seen = control_->attention.load(std::memory_order_relaxed);
    if ((seen & (attention::closed | attention::marked | attention::renewing)) == 0) return false;
    const std::lock_guard<std::mutex> guard{mutex()};
    return is_outdated(place);
}

inline void pool_core::discard(slot& place, events::death reason, std::exception_ptr cause) noexcept {
    retire(place, farewell::with_retire, then::refill, &pool_counters::discarded,
           write_obituary(place, reason, std::move(cause)));
}

inline void pool_core::release_detached(slot& place) noexcept {
    retire(place, farewell::without, then::refill, &pool_counters::detached, std::nullopt);
}

inline void pool_core::look_after(slot& place, std::unique_lock<std::mutex> lock) noexcept {
    wake_list wakes;
    if (!is_told_and_out(place)) note_return(place, clock_.now());  // or it is a later lease that was told
    if (is_outdated(place) && place.try_keep(slot_phase::stale)) {
        begin_retiring(place, why_it_ends(place));
        finish(lock, wakes);
        return dispose(place, farewell::with_retire, then::leave_empty);
    }
    // relaxed: a hint
    if (scarce_ && is_fit(place.word.load(std::memory_order_relaxed))) index_.add(slots_.index_of(place));
    conclude(lock, wakes);
}

/// Puts a worker of the caller's back, or ends it.
inline void pool_core::bring_home(slot& place, std::unique_lock<std::mutex>& lock, wake_list& wakes) noexcept {
    const bool kept = put_back(place, wakes);
    if (kept && care_) care_->let_go(place);
    conclude(lock, wakes);
    if (!kept) dispose(place, farewell::with_retire, then::leave_empty);
}

/// Rules 6 to 9 for a worker of the caller's: to its end (false: it is retiring, to be disposed of by the caller), to
/// the oldest waiter, or to idle. Followed by `conclude`, since there may be more to give, or too much.
inline bool pool_core::put_back(slot& place, wake_list& wakes) noexcept {
    if (is_outdated(place)) {
        begin_retiring(place, why_it_ends(place));
        return false;
    }
    const slot_care* const of = care_of(place);
    const std::size_t back = of != nullptr && of->written_off ? 1 : 0;  // it comes late, and another may have its place
    const bool wanted = !queue_.empty() && !holds_back();
    // Rule 7. For a pool that was made smaller, and for what comes late, places come first: those that are about to end
    // have theirs until they have ended (I1).
    if (limits_.is_over(live_ - retiring_ + back) ||
        (!wanted && limits_.has_surplus(standing() + back) && !keeps_surplus(1))) {
        begin_retiring(place, events::retirement::surplus);
        return false;
    }
    unmark(place);
    if (wanted && (!barging() || front_is_overdue())) {
        waiter& oldest = queue_.front();
        place.pass_on();
        choose(oldest, place, wakes);
    } else {
        make_idle(place);
    }
    return true;
}

inline void pool_core::make_idle(slot& place) noexcept {
    place.change(holds_back() ? slot_phase::held : slot_phase::idle);
    if (options_.order != idle_order::affine) ordered_.push(place);
    if (!scarce_) return;
    index_.add(slots_.index_of(place));
    if (index_due_ > 0) --index_due_;
    if (index_due_ == 0 && index_.size() > live_ / 8) scarce_ = false;
}

/// Takes the worker of a consumer out of the pool for good.
inline void pool_core::retire(slot& place, farewell how, then next, std::uint64_t pool_counters::*counter,
                              std::optional<obituary> of) noexcept {
    if (forked()) return;
    {
        const auto now = clock_.now();
        const auto held = stamp_time() - place.since_when();
        hold_.record(std::max(held, held.zero()));
        wake_list wakes;
        std::unique_lock<std::mutex> lock{mutex()};
        ++(counters_.*counter);
        note_return(place, now);
        begin_retiring(place);
        if (of) note_death(*of, place, now);
        finish(lock, wakes);
    }
    dispose(place, how, next);
}

/// Ends the worker of a retiring place and frees the place; then those that are surplus by now. No user code under a
/// lock.
inline void pool_core::dispose(slot& place, farewell how, then next) noexcept {
    slot* spare = nullptr;
    for (slot* ending = &place; ending != nullptr; how = farewell::with_retire) {
        end_worker(*ending, how);
        wake_list wakes;
        std::unique_lock<std::mutex> lock{mutex()};
        if (how == farewell::with_retire) ++counters_.destroyed;
        unmark(*ending);
        --retiring_;
        free_place(*ending);
        ending = on_errand() ? nullptr : claim_surplus();
        settle(wakes);  // a waiter makes the next one in its own time (rule 12)
        if (next == then::refill && spare == nullptr && limits_.wants_more(live_)) spare = reserve_place(clock_.now());
        finish(lock, wakes);
    }
    if (spare == nullptr) return;
    (void)make_spare(*spare, spare_context());  // a failure is remembered, and the place kept (rule 14)
}

inline void pool_core::end_worker(slot& place, farewell how) noexcept {
    if (how == farewell::with_retire) {
        try {
            source_->retire(worker(place));
        } catch (...) {
            const std::lock_guard<std::mutex> guard{mutex()};
            ++counters_.retire_failures;
        }
    }
    source_->destroy(worker(place));
}

/// One whose place was given away counts no more until it is gone.
inline void pool_core::begin_retiring(slot& place) noexcept {
    const slot_care* const of = care_of(place);
    const bool counts = of == nullptr || !of->written_off;
    if (counts) unmark(place);
    place.change(slot_phase::retiring);
    if (counts) ++retiring_;
}

inline void pool_core::begin_retiring(slot& place, events::retirement why) noexcept {
    const std::chrono::nanoseconds made{place.created};
    tell(events::retired{place.id, why, std::max(clock_.now() - made, made.zero()),
                         uses_of(place.word.load(std::memory_order_relaxed))});  // relaxed: our own
    if (why == events::retirement::expired) ++counters_.expired;
    if (why == events::retirement::surplus) ++counters_.dismissed;
    begin_retiring(place);
}

inline void pool_core::finish(std::unique_lock<std::mutex>& lock, wake_list& wakes) noexcept {
    // Waiters are announced here (A3), and then looked for again (A4): a worker that came back in between was noticed
    // by nobody.
    if (const auto why = hopeless()) refuse_all(*why, wakes);
    while ((refresh_attention() & attention::waiters) != 0) settle(wakes);
    name_prober(wakes);
    if (draining_ > 0 || closed_) drained_.notify_all();
    const bool over = orphaned_ && live_ == 0 && written_off_ == 0 && errands_out() == 0;
    const bool last = over && !news_are_told();
    const auto id = control_->pool_id;
    if (last) control_->vacate();
    const bool stirred = care_ && (std::exchange(care_->stirred, false) || over);  // at last, to be forgotten
    const auto by = stirred ? care_->by : nullptr;
    lock.unlock();
    wakes.tell_all();
    if (by) by->kick(id);
    if (!last) return;
    while (care_ && care_->has_news()) tell_observer();  // nobody else does
    delete this;
}

inline void pool_core::conclude(std::unique_lock<std::mutex>& lock, wake_list& wakes) noexcept {
    slot* const surplus = on_errand() ? nullptr : claim_surplus();
    settle(wakes);
    finish(lock, wakes);
    if (surplus != nullptr) dispose(*surplus, farewell::with_retire, then::leave_empty);
}

}  // namespace pooly::detail
