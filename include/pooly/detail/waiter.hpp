// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

#include <pooly/detail/clock_source.hpp>
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
        try_again,  // still in the queue: an idle worker is there for whoever is first
    };

    waiter(thread_key thread, clock_source::instant since) noexcept : thread_{thread}, since_{since} {}
    waiter(const waiter&) = delete;
    waiter& operator=(const waiter&) = delete;

    // Guarded by the pool's lock until the waiter was told.
    answer chosen = answer::none;
    slot* place = nullptr;
    errc refusal{};

    [[nodiscard]] thread_key thread() const noexcept { return thread_; }
    [[nodiscard]] clock_source::instant since() const noexcept { return since_; }

    /// Sleeps until told (true), or until the deadline or a stop request (false). Blocks: until then.
    [[nodiscard]] bool sleep(const clock_source& clock, clock_source::instant until) {
        std::unique_lock<std::mutex> lock{mutex_};
        while (!told_) {
            if (stop_requested_ || (until != clock_source::never && clock.now() >= until)) return false;
            clock.wait(changed_, lock, until);
        }
        return true;
    }

    /// Only for one that was chosen: the one who chose it is on its way here.
    void sleep_until_told() {
        std::unique_lock<std::mutex> lock{mutex_};
        changed_.wait(lock, [this] { return told_; });
    }

    /// Ends the sleep. Notified with the mutex held: once it is free the waiter may be gone.
    void tell() noexcept {
        const std::lock_guard<std::mutex> guard{mutex_};
        told_ = true;
        changed_.notify_one();
    }

    void request_stop() noexcept {
        const std::lock_guard<std::mutex> guard{mutex_};
        stop_requested_ = true;
        changed_.notify_one();
    }

    /// Back to waiting, after `try_again` led to nothing. Under the pool's lock.
    void wait_again() noexcept {
        chosen = answer::none;
        const std::lock_guard<std::mutex> guard{mutex_};
        told_ = false;
    }

private:
    friend class waiter_queue;
    friend class wake_list;

    thread_key thread_;
    clock_source::instant since_;
    waiter* before_ = nullptr;  // guarded by the pool's lock
    waiter* behind_ = nullptr;
    waiter* next_to_tell_ = nullptr;  // owned by the wake_list it is on

    std::mutex mutex_;
    std::condition_variable changed_;
    bool told_ = false;            // guarded by mutex_
    bool stop_requested_ = false;  // guarded by mutex_
};

/// First come, first served; leaves from any place in O(1). Guarded by the pool's lock.
class waiter_queue {
public:
    [[nodiscard]] bool empty() const noexcept { return front_ == nullptr; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] waiter& front() const noexcept { return *front_; }

    void push_back(waiter& one) noexcept {
        one.before_ = back_;
        one.behind_ = nullptr;
        (back_ != nullptr ? back_->behind_ : front_) = &one;
        back_ = &one;
        ++size_;
    }

    void erase(waiter& one) noexcept {
        (one.before_ != nullptr ? one.before_->behind_ : front_) = one.behind_;
        (one.behind_ != nullptr ? one.behind_->before_ : back_) = one.before_;
        --size_;
    }

    template <class Predicate>
    [[nodiscard]] bool any_of(Predicate&& wanted) const {
        for (const waiter* one = front_; one != nullptr; one = one->behind_)
            if (wanted(*one)) return true;
        return false;
    }

private:
    waiter* front_ = nullptr;
    waiter* back_ = nullptr;
    std::size_t size_ = 0;
};

/// Those who were chosen under the lock and are told once it is free, so that nobody wakes up into a held lock.
class wake_list {
public:
    wake_list() = default;
    wake_list(const wake_list&) = delete;
    wake_list& operator=(const wake_list&) = delete;

    void add(waiter& one) noexcept {
        one.next_to_tell_ = nullptr;
        *end_ = &one;
        end_ = &one.next_to_tell_;
    }

    /// Not under the pool's lock.
    void tell_all() noexcept {
        end_ = &first_;
        for (waiter* one = std::exchange(first_, nullptr); one != nullptr;) {
            waiter* const next = one->next_to_tell_;  // read first: told, it may be gone
            one->tell();
            one = next;
        }
    }

private:
    waiter* first_ = nullptr;
    waiter** end_ = &first_;
};

}  // namespace pooly::detail
