// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include <pooly/detail/waiter.hpp>

namespace pooly::detail {

/// First come, first served. Joining at the end and leaving from any place are O(1); one who had left to be served, and
/// was not, comes before those who came later than he did at first. Guarded by the pool's lock.
class waiter_queue {
public:
    [[nodiscard]] bool empty() const noexcept { return front_ == nullptr; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] waiter& front() const noexcept { return *front_; }

    void join(waiter& one) noexcept {
        waiter* next = nullptr;
        if (back_ != nullptr && one.since() < back_->since())
            for (next = front_; next->since() <= one.since();) next = next->behind_;
        one.behind_ = next;
        one.before_ = next != nullptr ? next->before_ : back_;
        (one.before_ != nullptr ? one.before_->behind_ : front_) = &one;
        (next != nullptr ? next->before_ : back_) = &one;
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

}  // namespace pooly::detail
