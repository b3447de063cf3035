// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <concepts>
#include <exception>
#include <type_traits>
#include <utility>

#include <pooly/adapters/detail/retry.hpp>
#include <pooly/adapters/redis/connection.hpp>
#include <pooly/adapters/redis/error.hpp>
#include <pooly/adapters/redis/reply.hpp>
#include <pooly/adapters/retry_policy.hpp>
#include <pooly/call_site.hpp>
#include <pooly/lease.hpp>
#include <pooly/pool.hpp>

namespace pooly::redis {

using pooly::retry_policy;

/// Whether a transaction failed for no fault of its own, and is likely to succeed if it is run again from its start:
/// by a change of what it watches.
[[nodiscard]] inline bool is_transient(const std::exception& failed) noexcept {
    const auto* const ours = dynamic_cast<const error*>(&failed);
    return ours != nullptr && ours->kind() == failure::conflict;
}

namespace detail {

/// Watches and reads, then MULTI and what is to be done.
template <class Read, class Queue>
void watch_and_queue(connection& worker, Read& read, Queue& queue) {
    using traits = worker_traits<connection>;
    if constexpr (std::is_void_v<std::invoke_result_t<Read&, connection&>>) {
        read(worker);
        traits::begin(worker);
        queue(worker);
    } else {
        auto&& seen = read(worker);
        traits::begin(worker);
        queue(worker, std::forward<decltype(seen)>(seen));
    }
}

/// Not left to the reset, which some leave out.
inline void roll_back_or_discard(lease<connection>& from) noexcept {
    try {
        worker_traits<connection>::rollback(*from);
    } catch (...) {
        from.discard();
    }
}

}  // namespace detail

/// A transaction of Redis' optimistic kind. `read(connection&)` watches keys (WATCH) and reads them; what it returns is
/// given to `queue(connection&, seen)`, or `queue(connection&)` where it returns nothing, whose commands are done
/// together, unless somebody changed what was watched since: then all of it is run again. Returns what EXEC did: an
/// array of what each command came to. Throws what the last attempt threw.
/// Blocks: each attempt as `checkout_for(timeout)`, and between them as the policy says.
template <class Clock, std::invocable<connection&> Read, class Queue, class Rep, class Period>
reply transaction(pool<connection, Clock>& from, Read&& read, Queue&& queue, std::chrono::duration<Rep, Period> timeout,
                  const retry_policy& policy = {}, const call_site& where = call_site::current()) {
    const auto transient = [](const std::exception& failed) { return is_transient(failed); };
    return adapters::detail::retry(policy, transient, [&] {
        auto lease = from.checkout_for(timeout, where);
        try {
            detail::watch_and_queue(*lease, read, queue);
        } catch (...) {
            detail::roll_back_or_discard(lease);
            throw;
        }
        return lease->commit();
    });
}

/// The same, for as long as `checkout()` waits.
template <class Clock, std::invocable<connection&> Read, class Queue>
reply transaction(pool<connection, Clock>& from, Read&& read, Queue&& queue, const retry_policy& policy = {},
                  const call_site& where = call_site::current()) {
    return redis::transaction(from, read, queue, from.options().checkout_timeout, policy, where);
}

}  // namespace pooly::redis
