// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include <pooly/pooly.hpp>

namespace pooly::test {

/// The rules of a pool, followed by one who has all the time in the world: no thread, no clock, no slot, nothing under
/// way between two steps. Workers are numbers, those of the factory calls that made them; waiters are numbers too.
///
/// Which of several idle workers an affine pool lends is its own affair, and so is which surplus ones it dismisses when
/// its limits are lowered. There the model says what may be, and is told what was.
class pool_model {
public:
    /// What a check-out must come to: a refusal, or one of these workers, which is then to be named to `lent`.
    struct answer {
        errc refusal{};
        std::vector<int> one_of = {};
    };

    /// What those who wait must have been told by now.
    struct news {
        std::vector<int> told = {};       // these waiters, oldest first, got, in whatever order:
        std::vector<int> workers = {};    // these workers,
        std::size_t any_idle = 0;         // so many of the idle ones, to be named to `lent`,
        std::vector<errc> refusals = {};  // and these refusals
    };

    /// How a control verb ends that makes workers: with so many made, or with the factory's exception.
    struct filling {
        std::size_t made = 0;
        bool threw = false;
    };

    /// `fails(n)`: whether the n-th call of the factory throws.
    pool_model(pool_options options, std::function<bool(int)> fails, std::chrono::nanoseconds time = {})
        : options_{std::move(options)}, fails_{std::move(fails)}, now_{time} {
        if (options_.start == start_mode::eager) (void)fill(options_.size);
    }

    // Borrowing. ------------------------------------------------------------------------------------------------------

    /// One try.
    [[nodiscard]] answer ask() {
        if (closed_) return {errc::closed};
        if (suspended_) return {errc::suspended};
        if (!idle_.empty()) {  // rule 2
            if (options_.order == idle_order::lifo) return {{}, {idle_.back()}};
            if (options_.order == idle_order::fifo) return {{}, {idle_.front()}};
            return {{}, idle_};
        }
        if (!has_room()) return {errc::full};  // rule 4
        const auto made = make();              // rule 3
        if (!made) return {errc::create_failed};
        out_[*made] = false;
        return {{}, {*made}};
    }

    /// One who would wait. No answer: he is in the queue (rule 5).
    [[nodiscard]] std::optional<answer> ask_or_queue(int waiter) {
        if (closed_) return answer{errc::closed};
        if (places() == 0) return answer{errc::full};
        if (!suspended_)
            if (auto at_once = ask(); at_once.refusal != errc::full) return at_once;
        if (queue_.size() >= options_.max_waiters) return answer{errc::overloaded};
        queue_.push_back(waiter);
        return std::nullopt;
    }

    void lent(int worker) {
        ++stats_.checkouts;
        if (std::erase(idle_, worker) > 0) out_[worker] = false;
    }

    /// The idle workers that one who asks finds dead on his way (rule 13), if these are dead. In an affine pool it is
    /// known only if all are dead.
    [[nodiscard]] std::set<int> met_by_one_who_asks(const std::set<int>& dead) const {
        if (options_.order == idle_order::affine) return dead;
        auto in_order = idle_;
        if (options_.order == idle_order::lifo) std::reverse(in_order.begin(), in_order.end());
        const auto well = std::find_if(in_order.begin(), in_order.end(), [&](int one) { return !dead.contains(one); });
        return {in_order.begin(), well};
    }
    void found_dead(int worker) {
        std::erase(idle_, worker);
        ++stats_.unhealthy;
        ++stats_.destroyed;
    }

    // Coming home. ----------------------------------------------------------------------------------------------------

    [[nodiscard]] news check_in(int worker) {
        if (out_.at(worker) || closed_) {  // rules 9, 18
            lose(worker);
            ++stats_.destroyed;
            return serve();
        }
        if (!queue_.empty() && !suspended_ && live() <= places()) {  // rule 6
            ++stats_.checkouts;
            return {{leave_front()}, {worker}};
        }
        lose(worker);
        if (live() + 1 > (lingers() ? places() : options_.size)) {  // rule 7
            ++stats_.destroyed;
            ++stats_.dismissed;
            return serve();
        }
        become_idle(worker);  // rule 8
        return {};
    }

    [[nodiscard]] news discard(int worker) {
        ++stats_.discarded;
        ++stats_.destroyed;
        return die_busy(worker);
    }
    [[nodiscard]] news detach(int worker) {
        ++stats_.detached;
        return die_busy(worker);
    }
    /// Its `reset` throws: its place is free. One of an earlier generation ends without.
    [[nodiscard]] news fail_reset(int worker) {
        if (out_.at(worker) || closed_) return check_in(worker);
        lose(worker);
        ++stats_.reset_failures;
        ++stats_.destroyed;
        return serve();
    }

    // Waiting. --------------------------------------------------------------------------------------------------------

    /// Leaves the queue, from any place in it (rule 11). What he is told.
    [[nodiscard]] errc cancel(int waiter) {
        std::erase(queue_, waiter);
        return errc::cancelled;
    }
    [[nodiscard]] errc time_out(int waiter) {
        std::erase(queue_, waiter);
        return suspended_ ? errc::suspended : errc::timeout;
    }

    // Control. --------------------------------------------------------------------------------------------------------

    void suspend() { suspended_ = true; }
    [[nodiscard]] news resume() {
        suspended_ = false;
        return serve();
    }

    /// How many idle workers are surplus is then to be asked of `surplus_idle`, and which were dismissed to be said to
    /// `dismissed`; after that, whatever is missing is made by `fill_after_resize`.
    [[nodiscard]] news resize(std::size_t size, std::size_t max_overflow) {
        options_.size = size;
        options_.max_overflow = max_overflow;
        return serve();
    }
    [[nodiscard]] std::size_t surplus_idle() const {
        const auto kept = lingers() ? places() : options_.size;
        return live() > kept ? std::min(idle_.size(), live() - kept) : 0;
    }
    void dismissed(int worker) {
        std::erase(idle_, worker);
        ++stats_.dismissed;
        ++stats_.destroyed;
    }
    [[nodiscard]] filling fill_after_resize() {
        return options_.start == start_mode::eager ? fill(options_.size) : filling{};
    }

    [[nodiscard]] filling prewarm() { return fill(options_.size); }

    [[nodiscard]] filling restart() {
        if (closed_) return {};
        for (auto& [worker, stale] : out_) stale = true;
        const auto replaced = idle_.size();
        stats_.destroyed += replaced;
        idle_.clear();
        return fill(options_.start == start_mode::lazy ? replaced : options_.size);
    }

    [[nodiscard]] news close() {
        closed_ = true;
        stats_.destroyed += idle_.size();
        idle_.clear();
        news all;
        while (!queue_.empty()) {
            all.told.push_back(leave_front());
            all.refusals.push_back(errc::closed);
        }
        return all;
    }

    // Under a watchdog that calls the factory once at a time. ---------------------------------------------------------

    void now(std::chrono::nanoseconds time) { now_ = time; }

    /// So many of these are dismissed when it comes by, having lingered; to be said to `dismissed`.
    struct lingered {
        std::size_t count = 0;
        std::set<int> one_of = {};
    };
    [[nodiscard]] lingered weary() const {
        lingered all;
        if (closed_) return all;
        for (const int one : idle_)
            if (now_ - idle_since_.at(one) >= options_.overflow_linger) all.one_of.insert(one);
        all.count = std::min(all.one_of.size(), live() > options_.size ? live() - options_.size : 0);
        return all;
    }
    /// It rests after a failure of the factory, whoever called that.
    void make_missing() {
        if (now_ >= rests_until_) (void)fill(options_.size);
    }

    // Looking. --------------------------------------------------------------------------------------------------------

    [[nodiscard]] pool_status status() const {
        pool_status seen;
        seen.idle = idle_.size();
        seen.in_use = out_.size();
        seen.live = live();
        seen.overflow = live() > options_.size ? live() - options_.size : 0;
        seen.waiting = queue_.size();
        seen.state = closed_                                    ? pool_state::closed  // rule 16
                     : suspended_                               ? pool_state::suspended
                     : !idle_.empty() || live() < options_.size ? pool_state::ready
                     : seen.overflow < options_.max_overflow    ? pool_state::overflow
                                                                : pool_state::full;
        return seen;
    }
    /// Only how many were made and lent, and what became of them.
    [[nodiscard]] const pool_stats& stats() const { return stats_; }
    [[nodiscard]] const std::vector<int>& idle() const { return idle_; }
    [[nodiscard]] const std::deque<int>& queue() const { return queue_; }
    [[nodiscard]] const pool_options& options() const { return options_; }

private:
    [[nodiscard]] std::size_t live() const { return idle_.size() + out_.size(); }
    [[nodiscard]] std::size_t places() const { return options_.size + options_.max_overflow; }
    [[nodiscard]] bool has_room() const { return live() < places(); }

    [[nodiscard]] std::optional<int> make() {
        ++calls_;
        if (fails_(calls_)) {
            ++stats_.create_failures;
            rests_until_ = now_ + std::chrono::milliseconds{100};
            return std::nullopt;
        }
        ++stats_.created;
        return calls_;
    }

    [[nodiscard]] bool lingers() const { return options_.overflow_linger > options_.overflow_linger.zero(); }
    void become_idle(int worker) {
        idle_.push_back(worker);
        idle_since_[worker] = now_;
    }
    void lose(int worker) { out_.erase(worker); }

    [[nodiscard]] int leave_front() {
        const int waiter = queue_.front();
        queue_.pop_front();
        return waiter;
    }

    /// Rule 12.
    [[nodiscard]] news die_busy(int worker) {
        lose(worker);
        if (!queue_.empty() && !suspended_) return serve();
        if (!closed_ && live() < options_.size) (void)fill(1);  // rule 14: if it fails, it fails
        return {};
    }

    /// Whoever waits gets what is there: what is idle, else what can be made. One whose worker cannot be made is told
    /// so, and the place goes to the next.
    [[nodiscard]] news serve() {
        news all;
        while (!queue_.empty() && !suspended_ && !closed_ && live() <= places()) {
            if (idle_.size() > all.any_idle) {
                ++all.any_idle;
                all.told.push_back(leave_front());
                continue;
            }
            if (!has_room()) break;
            all.told.push_back(leave_front());
            if (const auto made = make()) {
                out_[*made] = false;
                ++stats_.checkouts;
                all.workers.push_back(*made);
            } else {
                all.refusals.push_back(errc::create_failed);
            }
        }
        return all;
    }

    filling fill(std::size_t most) {
        filling done;
        while (!closed_ && done.made < most && live() < options_.size) {
            const auto made = make();
            if (!made) {
                done.threw = true;
                break;
            }
            become_idle(*made);
            ++done.made;
        }
        return done;
    }

    pool_options options_;
    std::function<bool(int)> fails_;
    std::chrono::nanoseconds now_;
    int calls_ = 0;
    std::vector<int> idle_;    // in the order of their return
    std::map<int, bool> out_;  // and whether it is of an earlier generation
    std::deque<int> queue_;
    std::map<int, std::chrono::nanoseconds> idle_since_;
    std::chrono::nanoseconds rests_until_ = std::chrono::nanoseconds::min();
    bool suspended_ = false;
    bool closed_ = false;
    pool_stats stats_;
};

}  // namespace pooly::test
