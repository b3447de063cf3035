// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <mutex>
#include <utility>

#include <pooly/detail/attention.hpp>
#include <pooly/detail/slot.hpp>

namespace pooly::detail {

class pool_core;

/// The part of a pool that is safe to touch at any time, because its memory is never given back, only used again for
/// another pool. It exists for one moment: a consumer has just returned its worker, so it no longer keeps the pool
/// alive, and has yet to look at the attention word (A2). The pool may be gone by then. Counting leases would make that
/// look safe, at two more shared writes per check-out; memory that stays makes it free.
struct alignas(cache_line) control_block {
    std::atomic<attention::bits> attention{0};

    // Constant while a pool lives here. Written and, by those who hold neither pool nor lease, read under `mutex`.
    std::uint64_t pool_id = 0;  // 0: no pool lives here
    pool_core* core = nullptr;
    std::chrono::nanoseconds check_after = std::chrono::nanoseconds::max();  // idle this long: ask its health

    // On a line of its own: those who queue for the lock do not disturb those who only look at the attention word.
    alignas(cache_line) std::mutex mutex;  // the pool's lock; guards all of pool_core but what says otherwise

    control_block* next_free = nullptr;  // guarded by the store's mutex
};

/// All control blocks that exist. Leaked on purpose: leases may end after every static is gone.
class control_store {
public:
    [[nodiscard]] static control_store& instance() {
        static auto& store = *new control_store;
        return store;
    }

    /// A block with a new pool id.
    [[nodiscard]] control_block& take() {
        const std::lock_guard guard{mutex_};
        control_block* block = free_;
        if (block != nullptr) free_ = block->next_free;
        else block = new control_block;
        const std::lock_guard block_guard{block->mutex};
        block->pool_id = ++last_id_;
        return *block;
    }

    /// Gives a block back whose pool has left it (pool_id is 0).
    void give_back(control_block& block) noexcept {
        const std::lock_guard guard{mutex_};
        block.next_free = std::exchange(free_, &block);
    }

private:
    std::mutex mutex_;
    control_block* free_ = nullptr;
    std::uint64_t last_id_ = 0;
};

/// A pool's stay in its control block.
class control_handle {
public:
    control_handle() : block_{&control_store::instance().take()} {}
    control_handle(const control_handle&) = delete;
    control_handle& operator=(const control_handle&) = delete;
    ~control_handle() {
        move_out();
        control_store::instance().give_back(*block_);
    }

    [[nodiscard]] control_block& operator*() const noexcept { return *block_; }
    [[nodiscard]] control_block* operator->() const noexcept { return block_; }

private:
    void move_out() noexcept {
        const std::lock_guard guard{block_->mutex};
        block_->pool_id = 0;  // whoever comes late finds nobody home
        block_->core = nullptr;
    }

    control_block* block_;
};

}  // namespace pooly::detail
