// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <exception>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <utility>
#include <vector>

#include <pooly/detail/pool_core.hpp>

// Looking at a pool. Workers are made and ended under the lock only, so what is counted under it adds up (I10).
namespace pooly::detail {

inline pool_status pool_core::look() {
    pool_status seen;
    std::size_t index = 0;
    slots_.for_each([&](slot& place) {
        if (const auto at = index++; care_ && care_->of[at].written_off) {
            ++seen.late;
            return;
        }
        switch (phase_of(place.word.load(std::memory_order_relaxed))) {  // relaxed: each word is a fact of its own
            case slot_phase::empty: break;
            case slot_phase::making: ++seen.making; break;
            case slot_phase::idle:
            case slot_phase::held: ++seen.idle; break;
            case slot_phase::in_use: ++seen.in_use; break;
            case slot_phase::checking: ++seen.checking; break;
            case slot_phase::stale:
            case slot_phase::retiring: ++seen.retiring; break;
        }
    });
    seen.live = live_;
    seen.overflow = limits_.overflow(live_);
    seen.waiting = queue_.size();
    seen.state = closed_        ? pool_state::closed
                 : failed_      ? pool_state::failed
                 : holds_back() ? pool_state::suspended
                                : limits_.state(seen.idle, live_);
    seen.backend_down = governor_.is_down();
    return seen;
}

inline pool_status pool_core::status() {
    if (forked()) return {.state = pool_state::closed};
    const std::lock_guard<std::mutex> guard{mutex()};
    return look();
}

inline pool_stats pool_core::stats() {
    if (forked()) return {};
    const std::lock_guard<std::mutex> guard{mutex()};
    pool_stats seen{counters_, {}, {}, {}};
    if (care_ && care_->events) seen.dropped_events = care_->events->dropped();
    seen.checkouts = past_uses_;
    std::uint64_t out = 0;
    slots_.for_each([&](slot& place) {
        const auto word = place.word.load(std::memory_order_relaxed);  // relaxed: a count
        seen.checkouts += uses_of(word);
        if (phase_of(word) == slot_phase::in_use) ++out;
    });
    seen.wait = wait_.snapshot(0);
    seen.waited = seen.wait.count();
    seen.wait = wait_.snapshot(seen.checkouts);
    seen.create = create_.snapshot(0);
    seen.hold = hold_.snapshot(seen.checkouts - std::min(seen.checkouts, out));
    return seen;
}

inline std::chrono::system_clock::time_point pool_core::wall_time(std::chrono::nanoseconds at) const noexcept {
    return wall_epoch_ + std::chrono::duration_cast<std::chrono::system_clock::duration>(at - epoch_);
}

/// Who holds a worker; nothing if nobody does, or if it changes hands right now. See (S5) in slot.hpp.
inline std::optional<holder_info> pool_core::holder_of(slot& place, clock_source::instant now) const {
    for (int attempt = 0; attempt < 4; ++attempt) {
        const auto word = place.word.load(std::memory_order_acquire);
        if (phase_of(word) != slot_phase::in_use) return std::nullopt;
        const auto line_and_use = place.line_and_use.load(std::memory_order_acquire);
        if ((line_and_use & 0xffffffffU) != (uses_of(word) & 0xffffffffU)) continue;  // not written down yet
        holder_info seen;
        seen.where.file = place.file.load(std::memory_order_acquire);
        seen.where.function = place.function.load(std::memory_order_acquire);
        seen.where.line = static_cast<std::uint32_t>(line_and_use >> 32U);
        seen.thread = id_of(place.thread.load(std::memory_order_acquire));
        const std::chrono::nanoseconds since{place.since.load(std::memory_order_acquire)};
        // relaxed: what was read above with acquire orders this look behind it
        if (place.word.load(std::memory_order_relaxed) != word) continue;
        seen.worker = place.id;  // under the lock: workers do not change
        seen.since = wall_time(since);
        seen.held = std::max(now - since, std::chrono::nanoseconds::zero());
        return seen;
    }
    return std::nullopt;
}

inline std::vector<holder_info> pool_core::holders() {
    std::vector<holder_info> all;
    if (forked()) return all;
    const auto now = clock_.now();
    const std::lock_guard<std::mutex> guard{mutex()};
    slots_.for_each([&](slot& place) {
        if (auto one = holder_of(place, now)) all.push_back(*one);
    });
    return all;
}

inline pool_options pool_core::options() {
    auto given = options_;
    if (forked()) return given;
    const std::lock_guard<std::mutex> guard{mutex()};
    given.size = limits_.size;
    given.max_overflow = limits_.max_overflow;
    return given;
}

inline worker_info pool_core::papers_of(const slot& place) const noexcept {
    return {place.id, place.generation, wall_time(std::chrono::nanoseconds{place.created}),
            uses_of(place.word.load(std::memory_order_relaxed))};  // relaxed: the asker's own
}

/// What was thrown before, if that may be why a consumer gets nothing.
inline std::exception_ptr pool_core::cause_behind(errc code) const noexcept {
    if (code == errc::full || code == errc::closed) return nullptr;
    return code == errc::failed ? fatal_.error : last_error_;
}

/// A refusal, with the story of this moment if the caller wants it and there is memory for it; written out later,
/// outside of the lock.
inline grant pool_core::refuse(errc code, const request& ask, std::chrono::nanoseconds waited,
                               std::exception_ptr cause) noexcept {
    grant no;
    no.refusal = code;
    no.cause = cause != nullptr ? cause : cause_behind(code);
    if (!ask.explains) return no;
    try {
        no.story = std::make_unique<failure_report>(report(code, waited, std::move(cause)));
    } catch (const std::bad_alloc&) {
    }
    return no;
}

/// A refusal that is counted. Under the lock.
inline grant pool_core::turn_away(errc code, const request& ask, std::chrono::nanoseconds waited) noexcept {
    if (code == errc::timeout) ++counters_.timeouts;
    if (code == errc::suspended) ++counters_.suspended;
    if (code == errc::cancelled) ++counters_.cancelled;
    if (code == errc::full) ++counters_.full;
    if (code == errc::overloaded) ++counters_.overloaded;
    if (code == errc::failed) ++counters_.failed;
    if (code == errc::backend_unavailable) ++counters_.backend_unavailable;
    if (code == errc::overloaded || code == errc::backend_unavailable) note_shed(code, ask.where);
    return refuse(code, ask, waited);
}

inline grant pool_core::refuse_in_child(const request& ask) const {
    grant no;
    no.refusal = errc::closed;
    if (!ask.explains) return no;
    no.story = failure_report::without_counts(errc::closed, *name_, {});
    no.story->forked = true;
    return no;
}

inline failure_report pool_core::report(errc code, std::chrono::nanoseconds waited, std::exception_ptr cause) {
    failure_report story;
    const auto now = clock_.now();
    story.code = code;
    story.name = *name_;
    story.waited = waited;
    story.counted = true;
    story.status = look();
    story.limits = limits_;
    story.max_waiters = options_.max_waiters;
    story.cause = std::move(cause);
    if (code != errc::closed) story.last_error = last_error_;
    story.since_last_error = now - last_error_at_;
    if (code == errc::failed) story.tell_death(fatal_, now);
    story.factory_fails = factory_fails_;
    bool nested = story.status.in_use > 0 && story.status.in_use == live_;
    slots_.for_each([&](slot& place) {
        const auto holder = holder_of(place, now);
        if (!holder) {
            nested = nested && place.word.load(std::memory_order_relaxed) == 0;  // relaxed: constant under the lock
            return;
        }
        if (!story.longest || holder->held > story.longest->held) story.longest = holder;
        nested = nested && (key_of(holder->thread) == this_thread_card.id() ||
                            queue_.any_of([&](const waiter& one) { return one.thread() == key_of(holder->thread); }));
    });
    story.nested = nested && (code == errc::timeout || code == errc::full || code == errc::overloaded);
    return story;
}

}  // namespace pooly::detail
