// SPDX-License-Identifier: MIT
#pragma once

#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include <pooly/detail/pool_core.hpp>

// Lending: from a request to a worker in the caller's hands.
namespace pooly::detail {

/// The fast path: the slot that served this thread last, if it is idle, fresh enough, and nothing unusual is going on.
/// The read-modify-write of the claim is the dearest thing in a pair, and nothing behind it can start before it is
/// through. So what lies between one claim and the next counts: it is inlined, and no load waits for another but the
/// one of the word.
[[nodiscard, gnu::always_inline]] inline slot* lend_at_once(control_block& control, std::uint64_t pool_id,
                                                            const call_site& where) noexcept {
    // relaxed: a gate. One who was told of a change (closed, queued) reads it here by coherence; one who was not came
    // first.
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

inline grant pool_core::acquire(request& ask) {
    if (forked()) return refuse_in_child(ask);
    grant got;
    if (ask.kind != request::patience::one_try) (void)parking_spot::mine();  // may throw: nothing is held here
    got.place = options_.order == idle_order::affine ? claim_lock_free() : claim_in_order();
    if (got.place == nullptr) {
        ask.begin(clock_);
        got = queue_up(ask);
    }
    // One turn of this loop for each dead worker met, and for each attempt in an outage that it waits out.
    while (got.place != nullptr) {
        slot& place = *got.place;
        const bool made = phase_of(place.word.load(std::memory_order_relaxed)) == slot_phase::in_use;  // relaxed: ours
        if (made && is_fresh(place)) return lend(place, ask);
        ask.begin(clock_);
        if (!made) {
            if (auto end = make_for(place, ask)) return std::move(*end);
            got = queue_up(ask);
        } else {
            auto illness = check_lent(place);
            if (!illness) return lend(place, ask);
            got = swap_dead(place, ask, *illness);
        }
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

/// The first look where the order is exact; without the clock, which costs as much as all of it.
inline slot* pool_core::claim_in_order() {
    const std::lock_guard<std::mutex> guard{mutex()};
    return queue_.empty() && !holds_back() && !failed_ && !dozes() ? claim_idle() : nullptr;
}

inline grant pool_core::lend(slot& place, const request& ask) noexcept {
    thread_card& card = this_thread_card;
    (void)card.number();  // fills in the id
    card.remember(control_->pool_id, place);
    if (ask.waited) wait_.record(*ask.waited);
    if (ask.waited && care_ && care_->observer && *ask.waited >= options_.checkout_timeout / 2) {
        const events::checked_out_late late{place.id, *ask.waited, std::this_thread::get_id(), ask.where};
        wake_list wakes;
        std::unique_lock<std::mutex> lock{mutex()};
        tell(late);
        finish(lock, wakes);
    }
    place.stamp(place.word.load(std::memory_order_relaxed), ask.where, card.id(), stamp_time());  // relaxed: our own
    grant got;
    got.place = &place;
    return got;
}

inline grant pool_core::queue_up(request& ask) {
    wake_list wakes;
    std::unique_lock<std::mutex> lock{mutex()};
    return join(lock, wakes, ask);
}

/// Takes what there is if nobody waits for it, or else joins the queue: one way for all who take the lock.
inline grant pool_core::join(std::unique_lock<std::mutex>& lock, wake_list& wakes, request& ask) {
    (void)this_thread_card.number();  // fills in the id
    if (dozes()) {
        care_->dozes = false;
        care_->stirred = true;
    }
    grant got;
    if (closed_)
        got = refuse(errc::closed, ask);
    else if (failed_)
        got = turn_away(errc::failed, ask);
    else if (queue_.empty() && !holds_back())
        got.place = idle_or_place();
    else if (barging() && !holds_back() && !front_is_overdue())
        got.place = claim_idle();
    if (got.place == nullptr && !got.refused()) {
        if (!ask.waits)
            got = turn_away(holds_back()                                     ? errc::suspended
                            : governor_.is_down() && limits_.has_room(live_) ? errc::backend_unavailable
                                                                             : ask.refusal,
                            ask);
        else if (limits_.places() == 0)
            got = turn_away(errc::full, ask);
        else if (outage())
            got = turn_away(errc::backend_unavailable, ask);
        else if (queue_.size() >= options_.max_waiters)
            got = turn_away(errc::overloaded, ask);
        else if (ask.stop.stop_requested())
            got = turn_away(errc::cancelled, ask);
    }
    if (got.place != nullptr || got.refused()) {
        finish(lock, wakes);
        return got;
    }
    // What a sleeper needs is its own or, as the control block, outlives the core.
    if (!ask.queues_since) ask.queues_since = clock_.now();
    waiter self{*control_, clock_, name_, this_thread_card.id(), *ask.queues_since};
    queue_.join(self);
    finish(lock, wakes);
    return await(*this, self, ask);
}

/// Sleeps until served, refused, out of time or stopped. The core may be touched only by one that is still queued or
/// was granted a place; for one that was refused it may be gone, which is why this is no member.
inline grant pool_core::await(pool_core& core, waiter& self, request& ask) {
    const auto on_request = [&self] { self.request_stop(); };
    {
        const stop_callback<decltype(on_request)> on_stop{ask.stop, on_request};
        for (;;) {
            const bool told = self.sleep(std::min(ask.until, self.look_again));
            if (told && !self.may_be_chosen_yet) break;
            std::unique_lock<std::mutex> lock{self.control().mutex};
            if (self.chosen == waiter::answer::none) {
                if (self.gives_up(ask.until)) return core.leave(self, ask, lock);
                self.chosen = waiter::answer::try_again;
            } else if (!told) {  // chosen in this very moment (I4)
                lock.unlock();
                self.sleep_until_told();
                lock.lock();
            }
            if (self.chosen != waiter::answer::try_again || core.try_again(self, lock)) break;
        }
    }
    grant got;
    if (self.chosen == waiter::answer::granted) {
        got.place = self.place;
        ask.waited = self.waited();
        return got;
    }
    got.refusal = self.refusal;
    got.cause = self.cause;
    if (ask.explains) {
        const auto waited = self.waited();
        got.story = failure_report::without_counts(self.refusal, self.pool_name(), waited);
        if (self.death)
            got.story->tell_death(*self.death, self.since() + waited);
        else
            got.story->cause = self.cause;
    }
    return got;
}

/// Gives up waiting. The waiter is still in the queue, so the pool is still there.
inline grant pool_core::leave(waiter& self, const request& ask, std::unique_lock<std::mutex>& lock) {
    wake_list wakes;
    const auto code = ask.stop.stop_requested() ? errc::cancelled : holds_back() ? errc::suspended : errc::timeout;
    auto got = turn_away(code, ask, self.waited());  // while it still counts as waiting
    queue_.erase(self);
    conclude(lock, wakes);
    return got;
}

/// Barging: an idle worker was there when this waiter was woken. In an outage: the next attempt is due, or it became
/// known when it is. True if it got a worker.
inline bool pool_core::try_again(waiter& self, std::unique_lock<std::mutex>& lock) {
    wake_list wakes;
    self.wait_again();
    const bool probes = governor_.is_down() && governor_.connecting() == 0;
    self.look_again = probes && limits_.has_room(live_) ? governor_.next_attempt() : clock_source::never;
    slot* const place = holds_back() || !barging() ? nullptr : claim_idle();
    if (place != nullptr) {
        queue_.erase(self);
        self.place = place;
        self.chosen = waiter::answer::granted;
    }
    conclude(lock, wakes);
    return place != nullptr;
}

/// Why the caller cannot be served any more, if so. One try has no deadline.
inline std::optional<errc> pool_core::too_late(const request& ask) const noexcept {
    if (!ask.waits) return std::nullopt;
    if (ask.stop.stop_requested()) return errc::cancelled;
    if (ask.until != clock_source::never && clock_.now() >= ask.until) return errc::timeout;
    return std::nullopt;
}

/// Makes the worker of a place that is the caller's, in the caller's thread and time. Nothing if that failed and the
/// caller waits through the outage.
inline std::optional<grant> pool_core::make_for(slot& place, const request& ask) {
    wake_list wakes;
    std::exception_ptr error;
    auto late = is_closed() ? errc::closed : too_late(ask);
    const bool tried = !late;
    if (tried) {
        create_context context;
        context.stop = ask.stop;
        if (ask.waits && ask.until != clock_source::never) context.deadline = steady_deadline(ask.until - clock_.now());
        error = construct(place, context);
        if (error == nullptr) late = too_late(ask);
    }

    std::unique_lock<std::mutex> lock{mutex()};
    if (!tried || error != nullptr) {
        if (tried)
            free_place(place);  // for the next one (I8)
        else
            cancel_place(place);
        std::optional<grant> got;
        // Without a backoff there are no outages; with one there was one, even if it is over by now.
        const bool waits_on = ask.waits && options_.on_outage == outage_action::wait &&
                              options_.backoff_base > options_.backoff_base.zero();
        if (late)
            got = turn_away(*late, ask);
        else if (!waits_on)
            got = refuse(errc::create_failed, ask, {}, error);
        conclude(lock, wakes);
        return got;
    }
    if (closed_ || late) {  // made in vain: to the next one (I4) or, in a closed pool, away (I9)
        auto got = turn_away(closed_ ? errc::closed : *late, ask);
        bring_home(place, lock, wakes);
        return got;
    }
    place.pass_on();
    settle(wakes);  // another one may connect now
    finish(lock, wakes);
    return lend(place, ask);
}

/// Whether a worker may be lent without asking its health.
inline bool pool_core::is_fresh(const slot& place) const noexcept {
    return stamp_time() - place.since_when() < control_->check_after;
}

/// Asks the worker's health. A hook that throws says no: a worker that cannot be asked is as good as dead.
inline std::optional<obituary> pool_core::find_illness(slot& place) noexcept {
    try {
        if (source_->healthy(worker(place))) return std::nullopt;
    } catch (...) {
        return write_obituary(place, events::death::unhealthy, std::current_exception());
    }
    return write_obituary(place, events::death::unhealthy, nullptr);
}

/// Asks before it is lent, in the caller's thread.
inline std::optional<obituary> pool_core::check_lent(slot& place) noexcept {
    place.change(slot_phase::checking);
    auto illness = find_illness(place);
    if (!illness) place.change(slot_phase::in_use);
    return illness;
}

/// Instead of a worker that turned out dead: the next idle one, or its place to make another. The caller came before
/// all who wait, so it does not queue again, unless a resize has just taken the place, or nothing is lent any more.
inline grant pool_core::swap_dead(slot& place, request& ask, obituary& of) {
    wake_list wakes;
    std::unique_lock<std::mutex> lock{mutex()};
    ++counters_.unhealthy;
    if (!ask.queues_since) ask.queues_since = clock_.now();  // it goes on before those who come from now on
    place.change_unused(slot_phase::checking);               // it was not lent after all
    begin_retiring(place);
    note_death(of, place, clock_.now());
    finish(lock, wakes);
    of.error = nullptr;  // not to be kept while the caller waits
    end_worker(place, farewell::with_retire);
    lock.lock();
    ++counters_.destroyed;
    unmark(place);
    --retiring_;
    free_place(place);
    grant got;
    if (const auto late = too_late(ask)) {
        got = turn_away(*late, ask);
    } else if (failed_ || holds_back() || (got.place = idle_or_place()) == nullptr) {
        return join(lock, wakes, ask);
    }
    conclude(lock, wakes);
    return got;
}

}  // namespace pooly::detail
