// SPDX-License-Identifier: MIT
#pragma once

#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <concepts>
#include <type_traits>
#include <utility>

#include <pooly/adapters/detail/retry.hpp>
#include <pooly/adapters/retry_policy.hpp>
#include <pooly/adapters/sqlite/detail/driver.hpp>
#include <pooly/adapters/sqlite/detail/settings.hpp>
#include <pooly/call_site.hpp>
#include <pooly/detail/clock_source.hpp>
#include <pooly/detail/timeout.hpp>
#include <pooly/pool.hpp>
#include <pooly/transaction.hpp>

namespace pooly::sqlite {

using pooly::retry_policy;

namespace detail {

using time_point = std::chrono::steady_clock::time_point;

/// Lets the connection wait for locks as its factory said, but not past the deadline. One that another factory made is
/// left alone: nothing tells what to put back.
inline void wait_for_locks_until(sqlite3* handle, time_point deadline) {
    const auto wanted = settings_book::all().find(handle);
    if (!wanted) return;
    using std::chrono::milliseconds;
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - std::chrono::steady_clock::now());
    const auto limit = std::clamp(left, milliseconds::zero(), milliseconds{wanted->busy_timeout_ms});
    sqlite3_busy_timeout(handle, static_cast<int>(limit.count()));
}

/// By the deadline there is a connection with the write lock, or a failure. Where it is one, the reset on the way back
/// to the pool restores the busy timeout.
template <class T, class Clock>
[[nodiscard]] transaction_guard<T> begin_by(time_point deadline, pool<T, Clock>& from, const call_site& where) {
    auto lease = from.checkout_for(deadline - std::chrono::steady_clock::now(), where);
    wait_for_locks_until(driver<T>::handle_of(*lease), deadline);
    transaction_guard<T> open{std::move(lease)};
    wait_for_locks_until(driver<T>::handle_of(*open), time_point::max());
    return open;
}

}  // namespace detail

/// `from.transaction(work, timeout)`, run again from its start while it fails by a busy database (`SQLITE_BUSY`,
/// `SQLITE_BUSY_SNAPSHOT`), or for what else the policy allows. So `work` is called several times, each time with a
/// connection of its own: whatever it does outside of the database must bear that. Throws what the last attempt threw.
/// Blocks: at most `timeout` until `work` is called for the last time, all attempts and pauses together: for a
/// connection, and for the write lock, which is also bounded by `busy_timeout`.
template <class T, class Clock, std::invocable<T&> Work, class Rep, class Period>
std::invoke_result_t<Work&, T&> transaction(pool<T, Clock>& from, Work&& work,
                                            std::chrono::duration<Rep, Period> timeout, const retry_policy& policy = {},
                                            const call_site& where = call_site::current()) {
    // Not in the past: what is left until then must be counted, whatever somebody meant by hours::min().
    const auto left = std::max(pooly::detail::to_nanoseconds(timeout), std::chrono::nanoseconds::zero());
    const auto deadline = pooly::detail::steady_deadline(left);
    const auto once = [&]() -> std::invoke_result_t<Work&, T&> {
        return pooly::detail::run_in(detail::begin_by(deadline, from, where), work);
    };
    return adapters::detail::retry(policy, detail::driver<T>::is_transient, once, deadline);
}

/// The same, for as long as `checkout()` waits.
template <class T, class Clock, std::invocable<T&> Work>
std::invoke_result_t<Work&, T&> transaction(pool<T, Clock>& from, Work&& work, const retry_policy& policy = {},
                                            const call_site& where = call_site::current()) {
    return sqlite::transaction(from, work, from.options().checkout_timeout, policy, where);
}

}  // namespace pooly::sqlite
