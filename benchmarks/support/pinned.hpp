// SPDX-License-Identifier: MIT
#pragma once

#include <sched.h>

namespace bench {

/// Keeps the calling thread on a processor of its own while it lives, if there is one for each of `threads`. Left to
/// the scheduler of a busy machine, two threads may share a processor for a whole repetition, and never meet.
class pinned {
public:
    pinned(int index, int threads) noexcept {
        if (::sched_getaffinity(0, sizeof(before_), &before_) != 0 || CPU_COUNT(&before_) < threads) return;
        cpu_set_t mine;
        CPU_ZERO(&mine);
        CPU_SET(nth_of(before_, index), &mine);
        pinned_ = ::sched_setaffinity(0, sizeof(mine), &mine) == 0;
    }
    pinned(const pinned&) = delete;
    pinned& operator=(const pinned&) = delete;
    ~pinned() {
        if (pinned_) ::sched_setaffinity(0, sizeof(before_), &before_);
    }

private:
    [[nodiscard]] static int nth_of(const cpu_set_t& set, int n) noexcept {
        int cpu = 0;
        while (!CPU_ISSET(cpu, &set) || n-- > 0) ++cpu;
        return cpu;
    }

    cpu_set_t before_{};
    bool pinned_ = false;
};

}  // namespace bench
