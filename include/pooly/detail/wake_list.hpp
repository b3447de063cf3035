// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include <pooly/detail/waiter.hpp>

namespace pooly::detail {

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
