// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <utility>
#include <vector>

namespace bench {

/// When the hand-written pool reads the clock for its timeout.
enum class clock_read {
    always,   ///< by `wait_for` with a predicate, as people write it: it computes the deadline before it looks
    to_wait,  ///< only where there is no worker: what one writes who has measured
};

/// The pool that people write: a mutex, a vector, one condition variable, a guard, a timeout. Written as well as its
/// kind allows: room for all is reserved, and the waiter is notified outside the lock.
template <class T, clock_read Reads = clock_read::always>
class hand_written_pool {
public:
    class lease {
    public:
        lease(hand_written_pool& pool, std::unique_ptr<T> lent) noexcept : pool_{&pool}, lent_{std::move(lent)} {}
        lease(lease&&) noexcept = default;
        lease& operator=(lease&& other) noexcept {
            if (this != &other) {
                give_back();
                pool_ = other.pool_;
                lent_ = std::move(other.lent_);
            }
            return *this;
        }
        ~lease() { give_back(); }

        [[nodiscard]] T& operator*() const noexcept { return *lent_; }
        [[nodiscard]] T* operator->() const noexcept { return lent_.get(); }

    private:
        void give_back() noexcept {
            if (lent_) pool_->checkin(std::move(lent_));
        }

        hand_written_pool* pool_;
        std::unique_ptr<T> lent_;
    };

    explicit hand_written_pool(std::size_t size) : hand_written_pool{size, [] { return std::make_unique<T>(); }} {}
    template <class Factory>
    hand_written_pool(std::size_t size, Factory make) {
        idle_.reserve(size);
        for (std::size_t i = 0; i < size; ++i) idle_.push_back(make());
    }

    [[nodiscard, gnu::always_inline]] lease checkout(std::chrono::milliseconds timeout = std::chrono::seconds{5}) {
        std::unique_lock lock{mutex_};
        const bool must_wait = Reads == clock_read::always || idle_.empty();
        if (must_wait && !returned_.wait_for(lock, timeout, [this] { return !idle_.empty(); }))
            throw std::runtime_error{"hand_written_pool: no worker came back in time"};
        auto lent = std::move(idle_.back());
        idle_.pop_back();
        return lease{*this, std::move(lent)};
    }

private:
    void checkin(std::unique_ptr<T> lent) noexcept {
        {
            const std::lock_guard lock{mutex_};
            idle_.push_back(std::move(lent));
        }
        returned_.notify_one();
    }

    std::mutex mutex_;
    std::condition_variable returned_;
    std::vector<std::unique_ptr<T>> idle_;
};

}  // namespace bench
