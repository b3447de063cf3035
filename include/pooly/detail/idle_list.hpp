// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <vector>

#include <pooly/detail/slot.hpp>

namespace pooly::detail {

/// The idle slots in the order they came back, for lifo and fifo. A ring with room for every slot, so that a check-in
/// never allocates. Guarded by the pool's lock.
class idle_list {
public:
    void reserve(std::size_t slots) {
        std::vector<slot*> grown(slots);
        for (std::size_t i = 0; i < size_; ++i) grown[i] = ring_[(first_ + i) % ring_.size()];
        ring_ = std::move(grown);
        first_ = 0;
    }

    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

    void push(slot& place) noexcept { ring_[(first_ + size_++) % ring_.size()] = &place; }

    [[nodiscard]] slot& pop_newest() noexcept { return *ring_[(first_ + --size_) % ring_.size()]; }

    [[nodiscard]] slot& pop_oldest() noexcept {
        slot& place = *ring_[first_];
        first_ = (first_ + 1) % ring_.size();
        --size_;
        return place;
    }

    /// Takes a slot out from wherever it stands. In linear time: for the watchdog, which picks its own.
    void erase(const slot& place) noexcept {
        std::size_t kept = 0;
        for (std::size_t i = 0; i < size_; ++i) {
            slot* const one = ring_[(first_ + i) % ring_.size()];
            if (one != &place) ring_[(first_ + kept++) % ring_.size()] = one;
        }
        size_ = kept;
    }

    void clear() noexcept { size_ = 0; }

private:
    std::vector<slot*> ring_;
    std::size_t first_ = 0;
    std::size_t size_ = 0;
};

}  // namespace pooly::detail
