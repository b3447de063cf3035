// SPDX-License-Identifier: MIT
#pragma once

#include <pooly/detail/pool_core.hpp>

// Lending: from a request to a worker in the caller's hands.
namespace pooly::detail {

/// The fast path: the slot that served this thread last, if it is idle, fresh enough, and nothing unusual is going on.
/// The read-modify-writes of a pair are as good as all of its cost, and nothing can start before the one ahead of it is
/// through. So what lies between them counts: it is inlined, and no load waits for another but the one of the word.
[[nodiscard, gnu::always_inline]] inline slot* lend_at_once(control_block& control, std::uint64_t pool_id,
                                                            const call_site& where) noexcept {
    // relaxed: a gate. One who was told of a change (closed, suspended, queued) reads it here by coherence; one who was
    // not came first.
    if ((control.attention.load(std::memory_order_relaxed) & attention::slows_checkout) != 0) return nullptr;
    const thread_card& card = this_thread_card;
    if (card.last().pool != pool_id) return nullptr;
    slot& place = *card.last().place;
    const auto now = coarse_tick::now();
    auto word = place.word.load(std::memory_order_relaxed);  // relaxed: confirmed by the claim
    if (!is_lendable(word) || now - place.since_when() >= control.check_after) return nullptr;
    const auto lent = word + go_out;
    if (!place.word.compare_exchange_strong(word, lent, std::memory_order_acquire, std::memory_order_relaxed))
        return nullptr;  // (S2)
    place.stamp(lent, where, card.id(), now);
    return &place;
}

inline grant pool_core::acquire(const request& ask) {
    grant got;
    if (forked()) {
        got.refusal = errc::closed;
        if (ask.explains) got.story = std::make_unique<failure_report>(failure_report::in_child(options_.name));
        return got;
    }
    got.place = claim_lock_free();
    if (got.place == nullptr) got = queue_up(ask);
    // One turn of this loop for each dead worker met.
    while (got.place != nullptr) {
        slot& place = *got.place;
        if (phase_of(place.word.load(std::memory_order_relaxed)) == slot_phase::making)  // relaxed: our own
            return make_for(place, ask);
        if (passes_check(place)) return lend(place, ask);
        got = swap_dead(place, ask);
        if (got.place == nullptr && !got.refused()) got = queue_up(ask);
    }
    return got;
}

inline slot* pool_core::claim_lock_free() noexcept {
    const auto seen = control_->attention.load(std::memory_order_relaxed);  // relaxed: as in lend_at_once
    if ((seen & (attention::locks_checkout | attention::scarce)) != 0) return nullptr;
    slot* const home = this_thread_card.home_in(control_->pool_id);
    if (home != nullptr && home->try_claim()) return home;
    return slots_.find(first_look(), short_walk, [](slot& place) { return place.try_claim(); });
}

inline grant pool_core::lend(slot& place, const request& ask) noexcept {
    thread_card& card = this_thread_card;
    (void)card.number();  // fills in the id
    card.remember(control_->pool_id, place);
    place.stamp(place.word.load(std::memory_order_relaxed), ask.where, card.id(), stamp_time());  // relaxed: our own
    grant got;
    got.place = &place;
    return got;
}

/// Joins the queue, and leaves it at once if there is something to be had: one way for all who take the lock.
inline grant pool_core::queue_up(const request& ask) {
    (void)this_thread_card.number();  // fills in the id
    waiter self{this_thread_card.id(), ask.waits || barging() ? clock_.now() : clock_source::instant{}};
    std::string name;
    if (ask.waits && ask.explains) name = options_.name;
    wake_list wakes;
    std::unique_lock<std::mutex> lock{mutex()};
    if (closed_) return refuse(errc::closed, ask);
    if (holds_back() && !ask.waits) return turn_away(errc::suspended, ask);
    if (limits_.places() == 0 && ask.waits) return turn_away(errc::full, ask);
    grant got;
    if (barging() && !overdue_ && !holds_back() && (got.place = claim_idle()) != nullptr) return got;

    queue_.push_back(self);
    settle(wakes);
    const bool served = self.chosen == waiter::answer::granted;
    if (!served) {
        const bool crowded = queue_.size() > options_.max_waiters;
        if (!ask.waits || crowded || ask.stop.stop_requested()) {
            queue_.erase(self);
            got = turn_away(!ask.waits ? ask.refusal : crowded ? errc::overloaded : errc::cancelled, ask);
            finish(lock, wakes);
            return got;
        }
    }
    finish(lock, wakes);
    if (!served) return await(self, ask, name);
    got.place = self.place;
    return got;
}

/// Once told `closed` a waiter must not touch the core: it may be gone. What is needed until then is copied or, as the
/// lock, outlives it.
inline grant pool_core::await(waiter& self, const request& ask, const std::string& name) {
    const auto clock = clock_;
    control_block& block = *control_;
    const bool may_try_again = barging();
    const auto on_request = [&self] { self.request_stop(); };
    {
        const stop_callback<decltype(on_request)> on_stop{ask.stop, on_request};
        for (;;) {
            const bool told = self.sleep(clock, ask.until);
            if (told && !may_try_again) break;
            std::unique_lock<std::mutex> lock{block.mutex};
            if (self.chosen == waiter::answer::none) return leave(self, ask, lock);
            if (!told) {  // chosen in this very moment (I4)
                lock.unlock();
                self.sleep_until_told();
                lock.lock();
            }
            if (self.chosen != waiter::answer::try_again || try_again(self, lock)) break;
        }
    }
    grant got;
    if (self.chosen == waiter::answer::granted) {
        wait_.record(clock.now() - self.since());
        got.place = self.place;
        return got;
    }
    got.refusal = self.refusal;
    if (ask.explains) {
        got.story = std::make_unique<failure_report>();
        got.story->code = self.refusal;
        got.story->name = name;
        got.story->waited = clock.now() - self.since();
    }
    return got;
}

/// Gives up waiting. The waiter is still in the queue, so the pool is still there.
inline grant pool_core::leave(waiter& self, const request& ask, std::unique_lock<std::mutex>& lock) {
    wake_list wakes;
    const auto code = ask.stop.stop_requested() ? errc::cancelled : holds_back() ? errc::suspended : errc::timeout;
    auto got = turn_away(code, ask, clock_.now() - self.since());  // while it still counts as waiting
    queue_.erase(self);
    settle(wakes);
    finish(lock, wakes);
    return got;
}

/// Barging: an idle worker was there when this waiter was woken. True if it got one.
inline bool pool_core::try_again(waiter& self, std::unique_lock<std::mutex>& lock) {
    wake_list wakes;
    self.wait_again();
    slot* const place = holds_back() ? nullptr : claim_idle();
    if (place != nullptr) {
        queue_.erase(self);
        self.place = place;
        self.chosen = waiter::answer::granted;
    }
    settle(wakes);
    finish(lock, wakes);
    return place != nullptr;
}

/// Why the caller cannot be served any more, if so. One try has no deadline.
inline std::optional<errc> pool_core::too_late(const request& ask) const {
    if (!ask.waits) return std::nullopt;
    if (ask.stop.stop_requested()) return errc::cancelled;
    if (ask.until != clock_source::never && clock_.now() >= ask.until) return errc::timeout;
    return std::nullopt;
}

/// Makes the worker of a place that is the caller's, in the caller's thread and time.
inline grant pool_core::make_for(slot& place, const request& ask) {
    wake_list wakes;
    auto late = too_late(ask);
    std::exception_ptr error;
    if (!late) {
        create_context context;
        context.stop = ask.stop;
        if (ask.waits && ask.until != clock_source::never)
            context.deadline = std::chrono::steady_clock::now() + (ask.until - clock_.now());
        error = construct(place, context);
    }
    const bool made = !late && error == nullptr;
    if (made) late = too_late(ask);

    std::unique_lock<std::mutex> lock{mutex()};
    if (!made) {
        free_place(place);  // for the next one (I8)
        settle(wakes);
        auto got = late ? turn_away(*late, ask) : refuse(errc::create_failed, ask, {}, error);
        finish(lock, wakes);
        return got;
    }
    if (closed_ || late) {  // made in vain: to the next one (I4) or, in a closed pool, away (I9)
        auto got = closed_ ? refuse(errc::closed, ask) : turn_away(*late, ask);
        const bool kept = put_back(place, slot_phase::making, wakes);
        finish(lock, wakes);
        if (!kept) dispose(place, farewell::with_retire, then::leave_empty);
        return got;
    }
    place.word.fetch_add(one_use, std::memory_order_relaxed);  // relaxed: published by the change
    place.change(slot_phase::making, slot_phase::in_use);      // (S1)
    finish(lock, wakes);
    return lend(place, ask);
}

/// Asks the worker's health, in the caller's thread, if it idled for long. A hook that throws says no.
inline bool pool_core::passes_check(slot& place) {
    if (control_->check_after == clock_source::never) return true;
    if (stamp_time() - place.since_when() < control_->check_after) return true;
    place.change(slot_phase::in_use, slot_phase::checking);
    bool well = false;
    try {
        well = source_->healthy(worker(place));
    } catch (...) {  // a worker that cannot be asked is as good as dead
    }
    if (!well) place.word.fetch_sub(one_use, std::memory_order_relaxed);  // relaxed: our own; it was never lent
    place.change(slot_phase::checking, well ? slot_phase::in_use : slot_phase::retiring);
    return well;
}

/// Instead of a worker that turned out dead: the next idle one, or its place to make another. The caller came before
/// all who wait, so it does not queue again, unless a resize has just taken the place.
inline grant pool_core::swap_dead(slot& place, const request& ask) {
    end_worker(place, farewell::with_retire);
    wake_list wakes;
    std::unique_lock<std::mutex> lock{mutex()};
    ++counters_.unhealthy;
    ++counters_.destroyed;
    free_place(place);
    grant got;
    if (closed_) got = refuse(errc::closed, ask);
    else if (const auto late = too_late(ask)) got = turn_away(*late, ask);
    else got.place = idle_or_place();
    settle(wakes);
    finish(lock, wakes);
    return got;
}

/// A refusal that is counted. Under the lock.
inline grant pool_core::turn_away(errc code, const request& ask, std::chrono::nanoseconds waited) {
    if (code == errc::timeout || code == errc::suspended) ++counters_.timeouts;
    if (code == errc::cancelled) ++counters_.cancelled;
    if (code == errc::full) ++counters_.full;
    if (code == errc::overloaded) ++counters_.overloaded;
    return refuse(code, ask, waited);
}

}  // namespace pooly::detail
