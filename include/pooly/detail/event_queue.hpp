// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include <pooly/pool_event.hpp>

namespace pooly::detail {

/// A pool's events on their way to its observer. When it is full what comes next is dropped, so that an observer which
/// is slow holds up nobody. Guarded by the pool's lock.
class event_queue {
public:
    struct entry {
        std::uint64_t number = 0;
        std::chrono::system_clock::time_point at;
        events::any what;
    };

    // Both ends run under the pool's lock: nothing may throw or run user code there, so no event holds an exception,
    // but its text.
    static_assert(std::is_nothrow_move_constructible_v<entry> && std::is_nothrow_move_assignable_v<entry>);
    static_assert(std::is_nothrow_destructible_v<entry>);

    /// Throws: what allocating all of it throws.
    explicit event_queue(std::size_t capacity) : ring_(capacity) {}

    /// An event that is dropped takes a number too, so that the observer sees a gap.
    void push(std::chrono::system_clock::time_point at, events::any&& what) noexcept {
        ++pushed_;
        if (size_ == ring_.size()) {
            ++dropped_;
            return;
        }
        ring_[(first_ + size_++) % ring_.size()] = {pushed_, at, std::move(what)};
    }

    /// The oldest.
    [[nodiscard]] std::optional<entry> pop() noexcept {
        if (empty()) return std::nullopt;
        std::optional<entry> oldest{std::move(ring_[first_])};
        first_ = (first_ + 1) % ring_.size();
        --size_;
        return oldest;
    }

    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    /// How many found no room, ever.
    [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_; }

private:
    std::vector<entry> ring_;
    std::size_t first_ = 0;
    std::size_t size_ = 0;
    std::uint64_t pushed_ = 0;
    std::uint64_t dropped_ = 0;
};

}  // namespace pooly::detail
