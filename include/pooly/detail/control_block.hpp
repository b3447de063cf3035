// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>

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
    bool has_process_fence = false;  // constant: whether those who announce themselves fence for all (attention.hpp)

    // Constant while a pool lives here. Written and, by those who hold neither pool nor lease, read under `mutex`.
    std::uint64_t pool_id = 0;  // 0: no pool lives here
    pool_core* core = nullptr;
    std::chrono::nanoseconds check_after = std::chrono::nanoseconds::max();  // idle this long: ask its health

    // On a line of its own: those who queue for the lock do not disturb those who only look at the attention word.
    alignas(cache_line) std::mutex mutex;  // the pool's lock; guards all of pool_core but what says otherwise

    /// From here on whoever comes late finds nobody home. Under `mutex`.
    void vacate() noexcept {
        pool_id = 0;
        core = nullptr;
    }

    // Guarded by the mutex of `process`.
    control_block* next_free = nullptr;
    control_block* next = nullptr;
};

}  // namespace pooly::detail
