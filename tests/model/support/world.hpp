// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <memory>
#include <thread>
#include <type_traits>
#include <vector>

#include "support/steps.hpp"

namespace pooly::detail {
class process;
class thread_card;
}  // namespace pooly::detail

namespace pooly::model {

struct steady_clock;

/// All that is the same for one execution, and made anew for the next: Relacy runs a model again and again.
class world {
public:
    world();
    world(const world&) = delete;
    world& operator=(const world&) = delete;
    ~world();

    [[nodiscard]] static world& now() noexcept { return *now_; }

    /// Makes something that lives as long as this world.
    template <class Thing, class... Arguments>
    Thing& keep(Arguments... arguments) {
        auto one = std::make_shared<Thing>(arguments...);
        kept_.push_back(one);
        return *one;
    }

    /// The one that runs, or, while there is none, the one behind them all.
    [[nodiscard]] std::size_t thread() const noexcept { return threads_run ? rl::thread_index() : alone_; }
    [[nodiscard]] detail::process& process() noexcept { return *process_; }
    [[nodiscard]] detail::thread_card& card() noexcept { return card_of(thread()); }
    [[nodiscard]] detail::thread_card& card_of(std::size_t thread) noexcept;

    /// As `std::this_thread::get_id`; Relacy's threads are fibers of one.
    [[nodiscard]] std::thread::id thread_id() const noexcept { return std::bit_cast<std::thread::id>(thread() + 1); }

    /// The thread that runs is about to do this; its place in Relacy at which another may be chosen is right behind.
    void announce(const void* what, bool changes, const void* also = nullptr) noexcept {
        if (threads_run) steps::now().announce(rl::thread_index(), {what, changes, also});
    }

    /// Threads have a time each, which only a timeout moves.
    [[nodiscard]] std::chrono::nanoseconds time() const noexcept { return times_[thread()]; }
    template <class TimePoint>
    void be_at(TimePoint when) noexcept {
        times_[thread()] = std::max<std::chrono::nanoseconds>(times_[thread()], when.time_since_epoch());
    }

    static constexpr std::chrono::nanoseconds beginning = std::chrono::hours{1};
    std::chrono::nanoseconds tick = beginning;  // the coarse one, for all
    bool threads_run = false;

private:
    static inline world* now_ = nullptr;
    std::vector<std::shared_ptr<void>> kept_;
    std::shared_ptr<detail::process> process_;
    std::vector<detail::thread_card> cards_;
    std::size_t alone_ = most_threads;  // whoever prepares and concludes
    std::array<std::chrono::nanoseconds, most_threads + 1> times_{};
};

struct steady_clock {
    using duration = std::chrono::nanoseconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<steady_clock>;
    static constexpr bool is_steady = true;
    [[nodiscard]] static time_point now() noexcept { return time_point{world::now().time()}; }
};

}  // namespace pooly::model
