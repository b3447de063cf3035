// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <exception>
#include <memory>
#include <mutex>
#include <utility>

#include <pooly/detail/pool_core.hpp>

// Beginning, end, and what an operator does to a pool in between.
namespace pooly::detail {

inline pool_core::pool_core(const pool_options& options, const worker_layout& layout, const clock_source& clock,
                            std::unique_ptr<worker_source> source)
    : control_{},
      options_{options},
      name_{std::make_shared<const std::string>(options.name)},
      layout_{layout},
      clock_{clock},
      source_{std::move(source)},
      timed_{options.timing == timing_mode::precise || !clock.has_coarse_tick},
      tick_{timed_ ? nullptr : process::instance().tick()},
      epoch_{clock.now()},
      wall_epoch_{std::chrono::system_clock::now()},
      slots_{std::make_unique<slot_array::run>(std::max<std::size_t>(1, options.size + options.max_overflow), layout)},
      limits_{options.size, options.max_overflow},
      spread_{std::max<std::size_t>(1, options.size)},
      governor_{{options.max_connecting, options.backoff_base, options.backoff_cap}, control_->pool_id},
      deaths_{options.max_restarts, options.restart_window},
      healing_{options.backoff_base, options.backoff_cap, ~control_->pool_id},
      care_{hire(options)} {
    if (options_.order != idle_order::affine) ordered_.reserve(slots_.size());
    index_.reserve(slots_.size());
    const std::lock_guard<std::mutex> guard{mutex()};
    control().core = this;
    control().check_after = source_->checks_health() && options_.check_after_idle >= std::chrono::nanoseconds::zero()
                                ? options_.check_after_idle
                                : coarse_tick::ages;
    refresh_attention();
}

/// Null if there is nothing to be watched.
inline std::unique_ptr<care> pool_core::hire(const pool_options& options) {
    const auto on = [](std::chrono::nanoseconds option) { return option > option.zero(); };
    const bool needed = options.observer != nullptr || options.min_idle > 0 || on(options.max_lifetime) ||
                        on(options.overdue_after) || (on(options.overflow_linger) && options.max_overflow > 0) ||
                        options.start == start_mode::background || options.on_outage == outage_action::wait ||
                        (on(options.health_interval) && source_->checks_health() && clock_.has_coarse_tick);
    if (options.watchdog == nullptr && !needed) return nullptr;
    watchdog_ = options.watchdog != nullptr ? options.watchdog : new_watchdog();
    auto by = patrol_of(*watchdog_);
    if (by->is_inherited())
        throw pool_error{errc::closed, "pooly: pool '" + options.name +
                                           "': its watchdog watches in the process from which this one was forked. "
                                           "Make one after the fork."};
    return std::make_unique<care>(std::move(by), options.observer, slots_.size(), control_->pool_id);
}

/// Rule 1: with an eager start all workers are there when the constructor returns, or it throws the factory's error.
inline void pool_core::start() {
    const filler alone{*this};
    if (care_) care_->by->watch(control(), clock_);  // first, for what is told if that throws
    if (options_.start == start_mode::eager) fill(options_.size);
}

inline void pool_core::close() noexcept {
    if (forked()) return;
    {
        wake_list wakes;
        std::unique_lock<std::mutex> lock{mutex()};
        if (closed_) return;
        closed_ = true;
        mark_all_stale();
        if (care_) (void)tell_shed(clock_source::never);
        finish(lock, wakes);
    }
    sweep_stale();
}

inline void pool_core::orphan() noexcept {
    if (forked()) return;
    wake_list wakes;
    std::unique_lock<std::mutex> lock{mutex()};
    // What the factory, the hooks and the observer refer to may end with the pool, so calls that the watchdog made are
    // waited for, and the last events are told first: not for ever if one is stuck, nor if this is one.
    const std::size_t mine = errand_of_this_thread == this ? 1 : 0;
    const auto steady = clock_source::of<std::chrono::steady_clock>();
    const auto patience = options_.check_timeout;
    const auto until = patience > patience.zero() ? steady.after(patience) : clock_source::never;
    while ((errands_out() > mine || (mine == 0 && news_are_told())) && steady.now() < until)
        steady.wait(drained_, lock, until);
    orphaned_ = true;  // from here on others may delete the core
    finish(lock, wakes);
}

inline std::size_t pool_core::drain(clock_source::instant until) {
    if (forked()) return 0;
    wake_list wakes;
    std::unique_lock<std::mutex> lock{mutex()};
    ++draining_;
    auto out = hold_all_back();
    while (out > 0 && (until == clock_source::never || clock_.now() < until)) {
        clock_.wait(drained_, lock, until);
        out = hold_all_back();
    }
    --draining_;
    let_go();
    conclude(lock, wakes);
    return out;
}

inline void pool_core::restart() {
    if (forked()) return;
    const filler alone{*this};
    if (const auto swept = renew_all()) fill(options_.start == start_mode::lazy ? *swept : pool_options::unlimited);
}

/// A new generation, without its workers. Says how many of the former ended, or nothing if the pool is closed.
inline std::optional<std::size_t> pool_core::renew_all() noexcept {
    {
        std::exception_ptr last_words;  // of a failure that is over now; their end is user code
        wake_list wakes;
        std::unique_lock<std::mutex> lock{mutex()};
        if (closed_) return std::nullopt;
        begin_generation();
        last_words = std::exchange(fatal_.error, nullptr);
        finish(lock, wakes);
    }
    return sweep_stale();
}

/// The workers of the former one are marked, and to be ended by the caller, or by the watchdog.
inline void pool_core::begin_generation() noexcept {
    ++generation_;
    outgrown_ = live_ + written_off_;
    failed_ = false;
    deaths_.forget();
    last_death_ = clock_source::instant::min();
    governor_.retry_now();
    if (care_) care_->lost.clear();
    tell(events::restarted{generation_});
    mark_all_stale();
}

inline void pool_core::suspend(bool on) noexcept {
    if (forked()) return;
    wake_list wakes;
    std::unique_lock<std::mutex> lock{mutex()};
    suspended_ = on;
    if (on)
        (void)hold_all_back();
    else
        let_go();
    conclude(lock, wakes);
}

inline void pool_core::resize(const sizing& limits) {
    if (forked()) return;
    const filler alone{*this};
    wake_list wakes;
    std::unique_lock<std::mutex> lock{mutex()};
    while (slots_.size() < limits.places() + written_off_) {
        const auto missing = limits.places() + written_off_ - slots_.size();
        lock.unlock();  // not to keep everybody waiting for the memory
        auto more = std::make_unique<slot_array::run>(missing, layout_);
        lock.lock();
        if (slots_.size() < limits.places() + written_off_) grow(std::move(more));
    }
    limits_ = limits;
    if (care_) care_->stirred = true;
    spread_.store(std::max<std::size_t>(1, limits.size), std::memory_order_relaxed);  // relaxed: a hint
    const bool fills = options_.start == start_mode::eager && !closed_;
    refresh_attention();  // announced first (A3): `conclude` looks for those that are surplus now (A4)
    conclude(lock, wakes);
    if (fills) fill(limits.size);
}

inline std::size_t pool_core::prewarm() {
    if (forked()) return 0;
    const filler alone{*this};
    {
        const std::lock_guard<std::mutex> guard{mutex()};
        governor_.retry_now();
    }
    return fill(pool_options::unlimited);
}

/// Adds slots, for which all else has room then. Without memory nothing changes.
inline void pool_core::grow(std::unique_ptr<slot_array::run> more) {
    const auto size = slots_.size() + more->size();
    if (options_.order != idle_order::affine) ordered_.reserve(size);
    index_.reserve(size);
    if (care_) care_->of.resize(size);
    slots_.append(std::move(more));
}

/// Disposes of the idle workers that were marked stale; those that come home afterwards are seen to by whoever brings
/// them. Says how many.
inline std::size_t pool_core::sweep_stale() noexcept {
    std::size_t swept = 0;
    slots_.for_each([&](slot& place) {
        {
            const std::lock_guard<std::mutex> guard{mutex()};  // two may come for the same worker
            // relaxed: a stale worker is touched under the lock only
            if (phase_of(place.word.load(std::memory_order_relaxed)) != slot_phase::stale) return;
            begin_retiring(place, why_it_ends(place));
        }
        ++swept;
        dispose(place, farewell::with_retire, then::leave_empty);
    });
    return swept;
}

inline void pool_core::filler::count(int more) {
    if (!core_->care_) return;
    wake_list wakes;
    std::unique_lock<std::mutex> lock{core_->mutex()};
    core_->care_->filling += more;
    core_->care_->stirred = true;  // something may be missing still
    core_->finish(lock, wakes);
}

/// Makes up to `most` workers that are missing under `size`, in the caller's thread. Throws the factory's exception,
/// also that of another's attempt while the backend is down for it; what was made by then stays. Returns how many were
/// made.
inline std::size_t pool_core::fill(std::size_t most) {
    for (std::size_t made = 0;; ++made) {
        std::unique_lock<std::mutex> lock{mutex()};
        const bool wanted = made < most && limits_.wants_more(live_) && !closed_ && !failed_;
        slot* const place = wanted ? reserve_place(clock_.now()) : nullptr;
        auto error = wanted && place == nullptr && governor_.is_down() ? last_error_ : nullptr;
        lock.unlock();
        if (place != nullptr) error = make_spare(*place, create_context{});
        if (error != nullptr) std::rethrow_exception(error);
        if (place == nullptr) return made;
    }
}

}  // namespace pooly::detail
