// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <unordered_map>
#include <utility>

#include <pooly/detail/birthplace.hpp>
#include <pooly/detail/clock_source.hpp>
#include <pooly/detail/control_block.hpp>
#include <pooly/detail/errand.hpp>

namespace pooly::detail {

/// The work of a watchdog: visits pools when something is due there, and has user code called on maintenance threads.
/// Shared by the watchdog, its pools and its threads, so that each may end first.
///
/// Lock contract: `mutex_` guards every member. It is never held together with a pool's lock, nor while user code runs.
class patrol : public std::enable_shared_from_this<patrol> {
public:
    patrol() = default;
    patrol(const patrol&) = delete;
    patrol& operator=(const patrol&) = delete;

    /// Begins to visit by itself.
    void start();
    /// Visits no more. What was begun is ended by the maintenance threads, which end then. Blocks: for a visit that is
    /// under way, unless called by it.
    void stop() noexcept;

    /// Whether it visits by itself.
    [[nodiscard]] bool goes_round() const noexcept { return thread_.joinable(); }
    /// Whether this process is a child of the one that made it, and has none of its threads, but perhaps its locks.
    [[nodiscard]] bool is_inherited() const noexcept { return birthplace_.is_left(); }

    /// From now on the pool is visited, until it is gone.
    void watch(control_block& control, const clock_source& clock);
    /// Something happened in a pool: it is visited soon.
    void kick(std::uint64_t pool_id) noexcept;

    /// Visits all pools now, and again until there is nothing left to do. `now` is for the pools whose clock is
    /// `clock`; the others look at their own. Blocks: until the user code that is called for it is through or stuck.
    void sweep(const clock_source* clock, clock_source::instant now);

private:
    using instant = clock_source::instant;  // of the steady clock, where nothing else is said

    static constexpr std::size_t threads_at_rest = 2;  // stay when there is nothing to do
    static constexpr std::size_t threads_at_most = 64;
    static constexpr std::chrono::milliseconds breath{1};  // at least between two visits of a pool by itself

    struct beat {
        control_block* control;
        std::uint64_t pool_id;
        clock_source clock;
        instant due;
        instant visited;
    };
    struct job {
        errand what;
        control_block* control;
        std::uint64_t pool_id;
        std::chrono::nanoseconds patience;
        std::uint64_t round;  // the sweep by hand that waits for it; 0: none
        instant since{};
        bool stuck = false;
    };

    [[nodiscard]] static instant steady_now() noexcept {
        return std::chrono::duration_cast<instant>(std::chrono::steady_clock::now().time_since_epoch());
    }

    void run();
    void work();
    /// Returns: when, on the pool's clock, something is due there next; nothing if it is gone.
    [[nodiscard]] static std::optional<instant> visit(const beat& at, instant now, std::deque<job>& found);
    void plan(beat& at, instant due) noexcept;
    void forget(std::uint64_t pool_id) noexcept;
    void hand_out(std::deque<job> found, std::unique_lock<std::mutex>& lock);
    void tell_stuck(std::unique_lock<std::mutex>& lock);
    [[nodiscard]] instant next_stuck() const noexcept;
    [[nodiscard]] bool all_stuck() const noexcept;
    [[nodiscard]] bool waits_for(std::uint64_t round) const noexcept;

    std::mutex mutex_;
    std::condition_variable changed_;  // for the visiting thread
    std::condition_variable hired_;    // for maintenance threads
    std::condition_variable ended_;    // for a sweep by hand
    std::unordered_map<std::uint64_t, beat> beats_;
    std::set<std::pair<instant, std::uint64_t>> agenda_;  // due, and pool: each pool once
    std::deque<job> jobs_;
    std::list<job> running_;
    std::size_t threads_ = 0;
    std::size_t resting_ = 0;  // of these, without a job
    std::uint64_t rounds_ = 0;
    bool stopping_ = false;
    std::thread thread_;
    const birthplace birthplace_{};
};

}  // namespace pooly::detail
