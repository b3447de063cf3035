// SPDX-License-Identifier: MIT

#include "handoff_load.hpp"

#include <pooly/pooly.hpp>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "pinned.hpp"
#include "progress.hpp"
#include "worker.hpp"

namespace bench {
namespace {

using clock = std::chrono::steady_clock;
using microseconds = std::chrono::duration<double, std::micro>;
constexpr std::chrono::hours an_hour{1};

/// A ring in which whoever has the turn gives it to the next.
class ring {
public:
    ring(std::size_t threads, bool has_timeout) : seats_(threads), has_timeout_{has_timeout} {}

    double pass_on(std::size_t times_each) {
        std::vector<std::thread> threads;
        for (std::size_t seat = 0; seat < seats_.size(); ++seat)
            threads.emplace_back([this, seat, times_each] {
                for (std::size_t i = 0; i < times_each; ++i) sit(seat);
            });
        {
            std::unique_lock<std::mutex> lock{mutex_};
            asleep_.wait(lock, [this] { return sitting_ == seats_.size(); });
            turn_ = 0;
        }
        const auto began = clock::now();
        seats_[0].notify_one();
        for (auto& thread : threads) thread.join();
        return microseconds{clock::now() - began}.count() / static_cast<double>(times_each * seats_.size());
    }

private:
    void sit(std::size_t seat) {
        std::unique_lock<std::mutex> lock{mutex_};
        if (++sitting_ == seats_.size()) asleep_.notify_one();
        const auto has_turn = [&] { return turn_ == seat; };
        if (has_timeout_)
            seats_[seat].wait_until(lock, clock::now() + an_hour, has_turn);
        else
            seats_[seat].wait(lock, has_turn);
        turn_ = (seat + 1) % seats_.size();
        auto& next = seats_[turn_];
        lock.unlock();  // nobody wakes up into a held lock
        next.notify_one();
    }

    std::mutex mutex_;
    std::condition_variable asleep_;
    std::vector<std::condition_variable> seats_;
    const bool has_timeout_;
    std::size_t sitting_ = 0;  // ever
    std::size_t turn_ = ~std::size_t{0};
};

/// The time is divided by the check-outs that waited: now and then one finds the worker idle, because its thread was
/// off the processor when it should have queued.
double hand_over(std::size_t threads_wanted, bool has_timeout, std::size_t times_each) {
    const std::chrono::nanoseconds timeout = has_timeout ? an_hour : std::chrono::nanoseconds::max();
    pooly::pool db{[] { return worker{}; }, {.size = 1, .checkout_timeout = timeout}};
    auto first = db.checkout();
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < threads_wanted; ++i)
        threads.emplace_back([&] {
            for (std::size_t n = 0; n < times_each; ++n) touch(*db.checkout());
        });
    while (db.status().waiting < threads_wanted) std::this_thread::sleep_for(std::chrono::milliseconds{1});
    const auto began = clock::now();
    first.checkin();
    for (auto& thread : threads) thread.join();
    const microseconds took = clock::now() - began;
    return took.count() / static_cast<double>(std::max<std::uint64_t>(1, db.stats().waited));
}

}  // namespace

handoff_samples measure_handoffs(const settings& chosen) {
    // On one processor: with two it is a matter of luck whether a hand-over must wake one up, which takes ten times as
    // long as all the rest.
    const pinned here{0, 1};
    handoff_samples samples;
    for (int round = 0; round < chosen.contention_rounds * 3; ++round)
        for (const auto threads : handoff_threads)
            for (const bool has_timeout : {false, true}) {
                show_progress("hand-over");
                const auto times = std::max<std::size_t>(2, static_cast<std::size_t>(chosen.handoffs) / threads);
                samples[{threads, has_timeout, false}].push_back(ring{threads, has_timeout}.pass_on(times));
                samples[{threads, has_timeout, true}].push_back(hand_over(threads, has_timeout, times));
            }
    return samples;
}

}  // namespace bench
