// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include <pooly/detail/waiter.hpp>

namespace pooly::detail {

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

}  // namespace pooly::detail
