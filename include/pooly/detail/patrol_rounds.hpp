// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <mutex>
#include <system_error>
#include <utility>
#include <vector>

#include <pooly/detail/patrol.hpp>
#include <pooly/detail/pool_core.hpp>
#include <pooly/detail/process.hpp>

namespace pooly::detail {

inline void patrol::start() {
    const std::lock_guard<std::mutex> guard{mutex_};
    thread_ = std::thread{[self = shared_from_this()] { self->run(); }};
}

inline void patrol::stop() noexcept {
    if (is_inherited()) return;
    {
        const std::lock_guard<std::mutex> guard{mutex_};
        stopping_ = true;
    }
    changed_.notify_all();
    hired_.notify_all();
    if (!thread_.joinable()) return;
    // A pool that ends in a visit may be the last to hold us.
    if (thread_.get_id() == std::this_thread::get_id())
        thread_.detach();
    else
        thread_.join();
}

inline void patrol::watch(control_block& control, const clock_source& clock) {
    const auto id = control.pool_id;
    {
        const std::lock_guard<std::mutex> guard{mutex_};
        const auto now = steady_now();
        agenda_.insert({now, id});
        beats_.insert_or_assign(id, beat{&control, id, clock, now, instant::min()});
    }
    changed_.notify_one();
}

inline void patrol::kick(std::uint64_t pool_id) noexcept {
    {
        const std::lock_guard<std::mutex> guard{mutex_};
        const auto found = beats_.find(pool_id);
        if (found == beats_.end()) return;
        const auto soon = std::max(steady_now(), found->second.visited + breath);
        if (found->second.due <= soon) return;
        plan(found->second, soon);
    }
    changed_.notify_one();
}

/// Needs no memory.
inline void patrol::plan(beat& at, instant due) noexcept {
    auto entry = agenda_.extract({at.due, at.pool_id});
    entry.value().first = at.due = due;
    agenda_.insert(std::move(entry));
}

inline void patrol::forget(std::uint64_t pool_id) noexcept {
    const auto found = beats_.find(pool_id);
    if (found == beats_.end()) return;
    agenda_.erase({found->second.due, pool_id});
    beats_.erase(found);
}

inline std::optional<patrol::instant> patrol::visit(const beat& at, instant now, std::deque<job>& found) {
    errands out;
    std::unique_lock<std::mutex> lock{at.control->mutex};
    pool_core* const core = at.control->core;
    if (core == nullptr || at.control->pool_id != at.pool_id) return std::nullopt;
    const auto patience = core->patience();
    const auto due = core->inspect(std::move(lock), now, out);
    for (const auto& one : out) found.push_back({one, at.control, at.pool_id, patience, 0});
    return due;
}

inline void patrol::run() {
    std::unique_lock<std::mutex> lock{mutex_};
    while (!stopping_) {
        tell_stuck(lock);
        const auto now = steady_now();
        if (agenda_.empty() || agenda_.begin()->first > now) {
            const auto until = agenda_.empty() ? next_stuck() : std::min(agenda_.begin()->first, next_stuck());
            clock_source::of<std::chrono::steady_clock>().wait(changed_, lock, until);
            continue;
        }
        const auto id = agenda_.begin()->second;
        auto& at = beats_.at(id);
        plan(at, clock_source::never);
        at.visited = now;
        const beat copy = at;
        lock.unlock();
        std::deque<job> found;
        const auto due = visit(copy, copy.clock.now(), found);
        lock.lock();
        const auto still = beats_.find(id);
        if (still == beats_.end()) continue;
        if (!due) {
            forget(id);
        } else if (*due != clock_source::never) {
            // Nobody tells us when another clock is moved, so it is looked at every millisecond.
            const auto when = copy.clock.has_coarse_tick ? std::max(*due, now + breath) : now + breath;
            if (when < still->second.due) plan(still->second, when);
        }
        hand_out(std::move(found), lock);
    }
}

/// Nobody's job waits for another's end, for that may never come, but for the one of the last thread that may be had.
inline void patrol::hand_out(std::deque<job> found, std::unique_lock<std::mutex>& lock) {
    for (auto& one : found) jobs_.push_back(one);
    while (resting_ < jobs_.size() && threads_ < threads_at_most) {
        try {
            std::thread{[self = shared_from_this()] { self->work(); }}.detach();
        } catch (const std::system_error&) {  // those that are there have to do
            break;
        }
        ++threads_;
        ++resting_;
    }
    if (!jobs_.empty() && threads_ == 0) {  // not even one: it is done here
        std::deque<job> all;
        all.swap(jobs_);
        lock.unlock();
        for (auto& one : all) one.what.core->run(one.what);
        lock.lock();
    }
    hired_.notify_all();
}

/// A maintenance thread.
inline void patrol::work() {
    std::unique_lock<std::mutex> lock{mutex_};
    for (;;) {
        hired_.wait(lock, [this] { return stopping_ || !jobs_.empty() || resting_ > threads_at_rest; });
        --resting_;
        if (jobs_.empty()) break;
        running_.push_back(std::move(jobs_.front()));
        jobs_.pop_front();
        const auto mine = std::prev(running_.end());
        mine->since = steady_now();
        changed_.notify_one();  // it may get stuck: who waits for it is to know until when
        ended_.notify_all();
        lock.unlock();
        mine->what.core->run(mine->what);  // the pool may be gone then
        lock.lock();
        running_.erase(mine);
        ++resting_;
        ended_.notify_all();
    }
    --threads_;
}

inline patrol::instant patrol::next_stuck() const noexcept {
    auto soonest = clock_source::never;
    for (const auto& one : running_)
        if (!one.stuck && one.patience > one.patience.zero())
            soonest = std::min(soonest, clock_source::later(one.since, one.patience));
    return soonest;
}

inline void patrol::tell_stuck(std::unique_lock<std::mutex>& lock) {
    const auto now = steady_now();
    std::vector<job> found;
    for (auto& one : running_) {
        if (one.stuck || one.patience == one.patience.zero() || now - one.since < one.patience) continue;
        one.stuck = true;
        found.push_back(one);
    }
    if (found.empty()) return;
    ended_.notify_all();
    lock.unlock();
    for (const auto& one : found) {
        std::unique_lock<std::mutex> pool_lock{one.control->mutex};
        pool_core* const core = one.control->core;
        if (core != nullptr && one.control->pool_id == one.pool_id)
            core->note_stuck(std::move(pool_lock), one.what, now - one.since);
    }
    lock.lock();
}

inline bool patrol::all_stuck() const noexcept {
    const auto stuck = std::count_if(running_.begin(), running_.end(), [](const job& one) { return one.stuck; });
    return static_cast<std::size_t>(stuck) == threads_at_most;
}

inline bool patrol::waits_for(std::uint64_t round) const noexcept {
    const auto of_round = [round](const job& one) { return one.round == round && !one.stuck; };
    return std::any_of(jobs_.begin(), jobs_.end(), of_round) || std::any_of(running_.begin(), running_.end(), of_round);
}

inline void patrol::sweep(const clock_source* clock, instant now) {
    if (is_inherited()) return;
    std::unique_lock<std::mutex> lock{mutex_};
    const auto round = ++rounds_;
    for (;;) {
        std::vector<beat> all;
        all.reserve(beats_.size());
        for (const auto& [id, at] : beats_) all.push_back(at);
        lock.unlock();
        std::deque<job> found;
        std::vector<std::uint64_t> gone;
        std::vector<std::pair<std::uint64_t, instant>> dues;
        for (const auto& at : all) {
            const bool given = clock != nullptr && clock->now == at.clock.now;
            const auto due = visit(at, given ? now : at.clock.now(), found);
            if (!due)
                gone.push_back(at.pool_id);
            else if (*due < at.due)
                dues.emplace_back(at.pool_id, *due);
        }
        for (auto& one : found) one.round = round;
        lock.lock();
        for (const auto id : gone) forget(id);
        for (const auto& [id, due] : dues) {
            const auto at = beats_.find(id);
            if (at != beats_.end() && due < at->second.due)
                plan(at->second, at->second.clock.has_coarse_tick ? due : steady_now() + breath);
        }
        const bool idle = found.empty();
        hand_out(std::move(found), lock);
        changed_.notify_one();
        if (idle) return;
        while (waits_for(round)) {
            if (all_stuck()) return;  // nobody is left to do the rest
            clock_source::of<std::chrono::steady_clock>().wait(ended_, lock, next_stuck());
            tell_stuck(lock);
        }
    }
}

}  // namespace pooly::detail
