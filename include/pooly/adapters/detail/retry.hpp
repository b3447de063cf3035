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

#include <pooly/adapters/retry_policy.hpp>
#include <pooly/detail/backoff.hpp>

namespace pooly::adapters::detail {

/// Different for any two threads and any two moments.
[[nodiscard]] inline std::uint64_t seed_of_this_call() noexcept {
    const auto now = static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
    return now ^ (std::hash<std::thread::id>{}(std::this_thread::get_id()) << 20U);
}

/// Calls `once` until it returns, or throws what neither the policy nor, where that says nothing, `is_transient` finds
/// worth another attempt, or there is no time for one before the deadline.
template <std::predicate<const std::exception&> IsTransient, std::invocable Once>
std::invoke_result_t<Once&> retry(
    const retry_policy& policy, const IsTransient& is_transient, Once once,
    std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max()) {
    policy.validate();
    pooly::detail::backoff pauses{policy.backoff_base, policy.backoff_cap, seed_of_this_call()};
    for (std::size_t attempt = 1;; ++attempt) {
        std::chrono::nanoseconds pause{};
        try {
            return once();
        } catch (const std::exception& failure) {
            if (attempt >= policy.max_attempts) throw;
            if (!(policy.retries ? policy.retries(failure) : is_transient(failure))) throw;
            pause = pauses.next();
            if (pause >= deadline - std::chrono::steady_clock::now()) throw;
            if (policy.on_retry) policy.on_retry(failure, attempt);
        }
        std::this_thread::sleep_for(pause);
    }
}

}  // namespace pooly::adapters::detail
