// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <mutex>

namespace pooly::detail {

/// Where a thread sleeps. It is never freed, so that whoever wakes the thread may do so when the mutex is free again,
/// though the thread may be gone by then: woken with the mutex held, a sleeper that takes over the processor at once
/// would have to give it back to be let in, which costs half as much again as the whole hand-over.
///
/// The spot of a thread that has ended is the next one's. A wake-up that comes too late to be meant for that one is as
/// good as none: a condition variable may wake up at any time.
struct [[gnu::visibility("default")]] parking_spot {
    /// The calling thread's own. Throws: `std::bad_alloc`, at the thread's first call only.
    [[nodiscard]] static parking_spot& mine();
    /// The thread takes another one when it sleeps again.
    static void leave_mine() noexcept { own_ = nullptr; }

    std::mutex mutex;
    std::condition_variable changed;
    parking_spot* next = nullptr;  // this and the next one are the process's
    parking_spot* next_free = nullptr;

private:
    /// Hands the spot on when its thread ends.
    struct tenancy {
        tenancy() noexcept {}  // not trivial, or nobody would look to its end
        tenancy(const tenancy&) = delete;
        tenancy& operator=(const tenancy&) = delete;
        ~tenancy();
    };

    static inline thread_local constinit parking_spot* own_ = nullptr;
};

}  // namespace pooly::detail
