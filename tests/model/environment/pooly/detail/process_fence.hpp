// SPDX-License-Identifier: MIT
#pragma once

namespace pooly::detail {

/// The heavy fence; see `atomic_signal_fence` in modelled_std.hpp for the light one.
struct process_fence {
    static void issue() noexcept { std::atomic_thread_fence(std::memory_order_seq_cst); }
};

}  // namespace pooly::detail
