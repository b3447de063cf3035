// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <thread>
#include <type_traits>

#include <pooly/adapters/postgres/retry_policy.hpp>
#include <pooly/call_site.hpp>
#include <pooly/detail/backoff.hpp>
#include <pooly/pool.hpp>

namespace pooly::postgres {

namespace detail {

/// Different for any two threads and any two moments.
[[nodiscard]] inline std::uint64_t seed_of_this_call() noexcept {
    const auto now = static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
    return now ^ (std::hash<std::thread::id>{}(std::this_thread::get_id()) << 20U);
}

/// What `is_transient` is for the exceptions that users of a worker see.
template <class Worker>
struct failures_of {
    [[nodiscard]] static bool is_transient(const std::exception& failure) noexcept {
        return postgres::is_transient(failure);
    }
};

/// Calls `once` until it returns.
template <class Worker, class Once>
std::invoke_result_t<Once&> retry(const retry_policy& policy, Once once) {
    policy.validate();
    pooly::detail::backoff pauses{policy.backoff_base, policy.backoff_cap, seed_of_this_call()};
    for (std::size_t attempt = 1;; ++attempt) {
        try {
            return once();
        } catch (const std::exception& failure) {
            if (attempt >= policy.max_attempts) throw;
            if (!(policy.retries ? policy.retries(failure) : failures_of<Worker>::is_transient(failure))) throw;
            if (policy.on_retry) policy.on_retry(failure, attempt);
        }
        std::this_thread::sleep_for(pauses.next());
    }
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
