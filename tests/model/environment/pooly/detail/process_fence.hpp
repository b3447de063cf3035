// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>

namespace pooly::detail {

/// The heavy fence; see `atomic_signal_fence` in modelled_std.hpp for the light one.
struct process_fence {
    static void issue(model::caller from = {}) noexcept { std::atomic_thread_fence(std::memory_order_seq_cst, from); }
};

}  // namespace pooly::detail
