// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <concepts>
#include <exception>
#include <type_traits>

#include <pooly/adapters/detail/retry.hpp>
#include <pooly/adapters/postgres/transient.hpp>
#include <pooly/adapters/retry_policy.hpp>
#include <pooly/call_site.hpp>
#include <pooly/pool.hpp>

namespace pooly::postgres {

using pooly::retry_policy;

namespace detail {

/// What `is_transient` is for the exceptions that users of a worker see.
template <class Worker>
struct failures_of {
    [[nodiscard]] static bool is_transient(const std::exception& failure) noexcept {
        return postgres::is_transient(failure);
    }
};

template <class Worker, std::invocable Once>
std::invoke_result_t<Once&> retry(const retry_policy& policy, Once once) {
    return adapters::detail::retry(policy, failures_of<Worker>::is_transient, once);
}

}  // namespace detail

/// `from.transaction(work)`, run again from its start while it fails by a serialization failure or a deadlock (40001,
/// 40P01), or for what else the policy allows. So `work` is called several times, each time with a connection of its
/// own: whatever it does outside of the database must bear that. Throws what the last attempt threw.
/// Blocks: each attempt as `checkout()`, and between them as the policy says.
template <class T, class Clock, std::invocable<T&> Work>
std::invoke_result_t<Work&, T&> transaction(pool<T, Clock>& from, Work&& work, const retry_policy& policy = {},
                                            const call_site& where = call_site::current()) {
    return detail::retry<T>(policy, [&]() -> std::invoke_result_t<Work&, T&> { return from.transaction(work, where); });
}

/// The timeout covers getting a connection, at each attempt.
template <class T, class Clock, std::invocable<T&> Work, class Rep, class Period>
std::invoke_result_t<Work&, T&> transaction(pool<T, Clock>& from, Work&& work,
                                            std::chrono::duration<Rep, Period> timeout, const retry_policy& policy = {},
                                            const call_site& where = call_site::current()) {
    return detail::retry<T>(
        policy, [&]() -> std::invoke_result_t<Work&, T&> { return from.transaction(work, timeout, where); });
}

}  // namespace pooly::postgres
