// SPDX-License-Identifier: MIT
#pragma once

// POOLY_NO_MEMBARRIER: for a program that is killed for this system call, or forbids it to itself after it has made its
// first pool. To be defined in all of the program or nowhere.
#if defined(__linux__) && !defined(POOLY_NO_MEMBARRIER) && __has_include(<linux/membarrier.h>)
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>
#define POOLY_HAS_PROCESS_FENCE 1
#else
#define POOLY_HAS_PROCESS_FENCE 0
#endif

#include <chrono>
#include <thread>

namespace pooly::detail {

/// A sequentially consistent fence in every thread of this process, at the expense of the one that asks for it. With
/// it a race between a frequent and a rare side needs no fence on the frequent one; see attention.hpp. (The idea is
/// that of asymmetric fences, P1202, and of Linux's `membarrier`.)
struct process_fence {
    /// Whether there is such a thing here. To be asked before the first use, and again in a forked child.
    [[nodiscard]] static bool prepare() noexcept {
#if POOLY_HAS_PROCESS_FENCE
        return ::syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
#else
        return false;
#endif
    }

    /// Precondition: it was prepared. Costs about as much as a system call, and an interrupt for each other processor
    /// on which this process runs.
    static void issue() noexcept {
#if POOLY_HAS_PROCESS_FENCE
        if (::syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0) return;
#endif
        // Forbidden since (a sandbox entered late). Stores that were on their way are visible long before this is over.
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
};

}  // namespace pooly::detail
