// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include <pooly/detail/clock_source.hpp>
#include <pooly/detail/control_block.hpp>
#include <pooly/detail/obituary.hpp>
#include <pooly/detail/parking_spot.hpp>
#include <pooly/detail/process.hpp>
#include <pooly/detail/slot.hpp>
#include <pooly/detail/thread_key.hpp>
#include <pooly/error.hpp>

namespace pooly::detail {

/// One who waits for a worker: a node of the queue, on the stack of the waiting thread, with a way to be woken.
///
/// It is chosen under the pool's lock and told afterwards, outside of it. Between the two it may not leave, because the
/// one who tells it still holds its address: a waiter whose time is up in that moment finds itself chosen, and waits
/// the instant until it is told.
class waiter {
public:
    enum class answer {
        none,       // not chosen: in the queue, free to leave
        granted,    // `place` is its own: a worker in use, or a place in which to make one
        refused,    // `refusal` says why
        try_again,  // still in the queue: there is something that it may have, or try
    };

    waiter(control_block& control, const clock_source& clock, std::shared_ptr<const std::string> pool_name,
           thread_key thread, clock_source::instant since)
        : control_{&control},
          clock_{clock},
          pool_name_{std::move(pool_name)},
          thread_{thread},
          since_{since},
          spot_{parking_spot::mine()} {}
    waiter(const waiter&) = delete;
    waiter& operator=(const waiter&) = delete;

    // Guarded by the pool's lock until the waiter was told.
    answer chosen = answer::none;
    bool may_be_chosen_yet = false;  // it is told to try again; `chosen` may change until it has the pool's lock
    slot* place = nullptr;
    errc refusal{};
    clock_source::instant look_again = clock_source::never;  // to try what did not work
    std::exception_ptr cause{};                              // behind the refusal
    std::optional<fatal_death> death{};                      // the same, of a pool that failed

    [[nodiscard]] thread_key thread() const noexcept { return thread_; }
    [[nodiscard]] clock_source::instant since() const noexcept { return since_; }
    [[nodiscard]] std::chrono::nanoseconds waited() const noexcept { return clock_.now() - since_; }

    // For one that has been refused, whose pool may be gone.
    [[nodiscard]] control_block& control() const noexcept { return *control_; }
    [[nodiscard]] const std::string& pool_name() const noexcept { return *pool_name_; }

    /// Sleeps until told (true), or until the deadline or a stop request (false). Blocks: until then.
    [[nodiscard]] bool sleep(clock_source::instant until) {
        std::unique_lock<std::mutex> lock{spot_.mutex};
        while (!told_) {
            if (stop_requested_ || (until != clock_source::never && clock_.now() >= until)) return false;
            clock_.wait(spot_.changed, lock, until);
        }
        return true;
    }

    /// Whether its time is up, or it was asked to stop.
    [[nodiscard]] bool gives_up(clock_source::instant until) {
        if (until != clock_source::never && clock_.now() >= until) return true;
        const std::lock_guard<std::mutex> guard{spot_.mutex};
        return stop_requested_;
    }

    /// Only for one that was chosen: the one who chose it is on its way here.
    void sleep_until_told() {
        std::unique_lock<std::mutex> lock{spot_.mutex};
        spot_.changed.wait(lock, [this] { return told_; });
    }

    /// Ends the sleep.
    void tell() noexcept {
        parking_spot& spot = spot_;
        {
            const std::lock_guard<std::mutex> guard{spot.mutex};
            told_ = true;
        }
        spot.changed.notify_one();  // the waiter may be gone, the spot stays
    }

    void request_stop() noexcept {
        const std::lock_guard<std::mutex> guard{spot_.mutex};
        stop_requested_ = true;
        spot_.changed.notify_one();
    }

    /// Back to waiting, after `try_again` led to nothing. Under the pool's lock.
    void wait_again() noexcept {
        chosen = answer::none;
        may_be_chosen_yet = false;
        const std::lock_guard<std::mutex> guard{spot_.mutex};
        told_ = false;
    }

private:
    friend class waiter_queue;
    friend class wake_list;

    control_block* control_;
    clock_source clock_;
    std::shared_ptr<const std::string> pool_name_;
    thread_key thread_;
    clock_source::instant since_;
    waiter* before_ = nullptr;  // guarded by the pool's lock
    waiter* behind_ = nullptr;
    waiter* next_to_tell_ = nullptr;  // owned by the wake_list it is on

    parking_spot& spot_;
    bool told_ = false;            // guarded by the spot's mutex
    bool stop_requested_ = false;  // the same
};

}  // namespace pooly::detail
