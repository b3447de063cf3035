// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <concepts>
#include <exception>
#include <type_traits>

#include <pooly/adapters/detail/retry.hpp>
#include <pooly/adapters/mysql/connection.hpp>
#include <pooly/adapters/mysql/error.hpp>
#include <pooly/adapters/retry_policy.hpp>
#include <pooly/call_site.hpp>
#include <pooly/pool.hpp>

namespace pooly::mysql {

using pooly::retry_policy;

/// `from.transaction(work, timeout)`, run again from its start while it fails by a deadlock or by waiting too long for
/// a lock (1213, 1205, 1020), or for what else the policy allows. So `work` is called several times, each time with
/// a connection of its own: whatever it does outside of the database must bear that. Throws what the last attempt
/// threw. Blocks: each attempt as `checkout_for(timeout)`, and between them as the policy says.
template <class Clock, std::invocable<connection&> Work, class Rep, class Period>
std::invoke_result_t<Work&, connection&> transaction(pool<connection, Clock>& from, Work&& work,
                                                     std::chrono::duration<Rep, Period> timeout,
                                                     const retry_policy& policy = {},
                                                     const call_site& where = call_site::current()) {
    const auto transient = [](const std::exception& failed) { return is_transient(failed); };
    const auto once = [&]() -> std::invoke_result_t<Work&, connection&> {
        return from.transaction(work, timeout, where);
    };
    return adapters::detail::retry(policy, transient, once);
}

/// The same, for as long as `checkout()` waits.
template <class Clock, std::invocable<connection&> Work>
std::invoke_result_t<Work&, connection&> transaction(pool<connection, Clock>& from, Work&& work,
                                                     const retry_policy& policy = {},
                                                     const call_site& where = call_site::current()) {
    return mysql::transaction(from, work, from.options().checkout_timeout, policy, where);
}

}  // namespace pooly::mysql
