// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <new>
#include <utility>

#include <pooly/detail/slot.hpp>

namespace pooly::detail {

/// Where a worker of some type lies in its slot, and how far apart slots are.
struct worker_layout {
    std::size_t offset = 0;
    std::size_t stride = 0;
    std::size_t alignment = 0;

    template <class T>
    [[nodiscard]] static constexpr worker_layout of() noexcept {
        constexpr auto round_up = [](std::size_t value, std::size_t to) { return (value + to - 1) / to * to; };
        constexpr auto alignment = std::max(alignof(T), cache_line);
        constexpr auto offset = round_up(sizeof(slot), alignof(T));
        return {offset, round_up(offset + sizeof(T), alignment), alignment};
    }
};

/// The worker of a slot, given its type's offset.
[[nodiscard]] inline void* worker_at(slot& place, std::size_t offset) noexcept {
    return reinterpret_cast<std::byte*>(&place) + offset;
}

/// Slots in runs that are never moved nor freed before the array itself, so that a slot's address stays good and the
/// lock-free walk needs no protection. Grows under the pool's lock; may be walked at the same time by anyone.
class slot_array {
public:
    /// A run of slots, side by side; at least one.
    class run {
    public:
        run(std::size_t count, const worker_layout& layout)
            : layout_{layout},
              count_{count},
              memory_{
                  static_cast<std::byte*>(::operator new (count* layout.stride, std::align_val_t{layout.alignment}))} {
            for (std::size_t i = 0; i < count; ++i) ::new (memory_ + i * layout.stride) slot;
        }
        run(const run&) = delete;
        run& operator=(const run&) = delete;
        ~run() { ::operator delete (memory_, std::align_val_t{layout_.alignment}); }  // a slot's own end is trivial

        [[nodiscard]] std::size_t size() const noexcept { return count_; }
        [[nodiscard]] slot& operator[](std::size_t i) noexcept {
            return *std::launder(reinterpret_cast<slot*>(memory_ + i * layout_.stride));
        }

    private:
        friend class slot_array;
        worker_layout layout_;
        std::size_t count_;
        std::size_t first_ = 0;  // index of [0] in the array
        std::byte* memory_;
        std::atomic<run*> next_{nullptr};  // (R1) release when linked; (R2) acquire when walked
    };

    explicit slot_array(std::unique_ptr<run> first) : size_{first->count_}, head_{first.release()}, tail_{head_} {}
    slot_array(const slot_array&) = delete;
    slot_array& operator=(const slot_array&) = delete;
    ~slot_array() {
        for (run* r = head_; r != nullptr;) delete std::exchange(r, r->next_.load(std::memory_order_relaxed));
    }

    /// (R3) acquire: pairs with the release in `append`, so that an index below it can be walked to.
    [[nodiscard]] std::size_t size() const noexcept { return size_.load(std::memory_order_acquire); }

    /// Adds a run at the end. Under the pool's lock.
    void append(std::unique_ptr<run> more) noexcept {
        const auto size = size_.load(std::memory_order_relaxed);  // relaxed: only written here, under the lock
        more->first_ = size;
        const auto grown = size + more->count_;
        run* const added = more.release();
        tail_->next_.store(added, std::memory_order_release);  // (R1)
        tail_ = added;
        size_.store(grown, std::memory_order_release);  // (R3)
    }

    /// The first slot that `wanted` accepts, in a round that begins at `start` and looks at no more than `limit`.
    template <class Predicate>
    [[nodiscard]] slot* find(std::size_t start, std::size_t limit, Predicate&& wanted) {
        const auto total = size();
        auto [r, i] = locate(start % total);
        for (auto left = std::min(limit, total); left > 0; --left) {
            if (i == r->count_) {
                run* const next = r->next_.load(std::memory_order_acquire);  // (R2)
                r = next != nullptr ? next : head_;
                i = 0;
            }
            if (slot& place = (*r)[i++]; wanted(place)) return &place;
        }
        return nullptr;
    }

    template <class Visitor>
    void for_each(Visitor&& visit) {
        (void)find(0, size(), [&](slot& place) { return visit(place), false; });
    }

    [[nodiscard]] slot& at(std::size_t index) noexcept {
        auto [r, i] = locate(index);
        return (*r)[i];
    }

    [[nodiscard]] std::size_t index_of(const slot& place) const noexcept {
        const auto* address = reinterpret_cast<const std::byte*>(&place);
        for (run* r = head_; r != nullptr; r = r->next_.load(std::memory_order_acquire)) {  // (R2)
            const auto* end = r->memory_ + r->count_ * r->layout_.stride;
            if (!std::less<>{}(address, static_cast<const std::byte*>(r->memory_)) && std::less<>{}(address, end))
                return r->first_ + static_cast<std::size_t>(address - r->memory_) / r->layout_.stride;
        }
        return size();
    }

private:
    struct position {
        run* in;
        std::size_t at;
    };
    [[nodiscard]] position locate(std::size_t index) const noexcept {
        run* r = head_;
        while (index >= r->first_ + r->count_) r = r->next_.load(std::memory_order_acquire);  // (R2)
        return {r, index - r->first_};
    }

    std::atomic<std::size_t> size_;
    run* head_;
    run* tail_;
};

}  // namespace pooly::detail
