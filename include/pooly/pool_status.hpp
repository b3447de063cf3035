// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <thread>

#include <pooly/call_site.hpp>

namespace pooly {

enum class pool_state {
    ready,      ///< a worker is idle, or a place under `size` has none yet
    overflow,   ///< none is idle, but an extra worker may still be made
    full,       ///< every place is taken
    suspended,  ///< lends nothing until `resume()`
    failed,     ///< gave up after too many worker deaths
    closed,     ///< lends nothing any more
};

[[nodiscard]] constexpr std::string_view to_string(pool_state state) noexcept {
    switch (state) {
        case pool_state::ready: return "ready";
        case pool_state::overflow: return "overflow";
        case pool_state::full: return "full";
        case pool_state::suspended: return "suspended";
        case pool_state::failed: return "failed";
        case pool_state::closed: return "closed";
    }
    return "unknown";
}

/// One consistent look at a pool: `idle + in_use + making + checking + retiring == live`, and all but those retiring
/// are never more than the places there are (I1, I10).
struct pool_status {
    pool_state state = pool_state::ready;
    std::size_t idle = 0;      ///< workers ready to be lent
    std::size_t in_use = 0;    ///< workers held by consumers
    std::size_t making = 0;    ///< places whose worker the factory is making
    std::size_t checking = 0;  ///< workers asked for their health before they are lent
    std::size_t retiring = 0;  ///< workers being destroyed; their places are free when that is done
    std::size_t live = 0;      ///< all of the above
    std::size_t overflow = 0;  ///< `max(0, live - size)`
    std::size_t waiting = 0;   ///< consumers queued for a worker
    std::size_t late = 0;      ///< held or stuck for too long: their places were given away; none of the above
    /// The factory's last attempt failed, and until one succeeds no worker can be made: whatever the state is, one who
    /// finds none idle is told `errc::backend_unavailable`, or waits for those that are out.
    bool backend_down = false;

    friend bool operator==(const pool_status&, const pool_status&) = default;
};

/// A worker's papers.
struct worker_info {
    std::uint64_t id = 0;                           ///< unique in its pool, never used again
    std::uint64_t generation = 0;                   ///< how many `restart()`s came before it was made
    std::chrono::system_clock::time_point created;  ///< when it was made
    std::uint64_t uses = 0;                         ///< how often it was lent, this time included
};

/// Who holds which worker.
struct holder_info {
    std::uint64_t worker = 0;                     ///< `worker_info::id`
    std::thread::id thread;                       ///< the thread that checked it out
    call_site where;                              ///< the source line that checked it out
    std::chrono::system_clock::time_point since;  ///< when; to the coarse tick unless timing is precise
    std::chrono::nanoseconds held{};              ///< for how long
};

}  // namespace pooly
