// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <string_view>

#include <pooly/adapters/postgres/error.hpp>
#include <pooly/detail/refuse.hpp>

namespace pooly::postgres {

/// Whether a transaction failed for no fault of its own, and is likely to succeed if it is run again from its start: by
/// a serialization failure or a deadlock.
[[nodiscard]] inline bool is_transient(std::string_view state) noexcept {
    return state == sqlstate::serialization_failure || state == sqlstate::deadlock_detected;
}
[[nodiscard]] inline bool is_transient(const std::exception& failure) noexcept {
    const auto* const ours = dynamic_cast<const error*>(&failure);
    return ours != nullptr && is_transient(ours->sqlstate());
}

/// How often `transaction` tries, for designated initialisers.
struct retry_policy {
    /// The first one counts, too: 1 never retries.
    std::size_t max_attempts = 5;
    /// The pauses are random, on average longer each time, and none is shorter or longer than these; those who failed
    /// together should not meet again. No connection is held meanwhile.
    std::chrono::nanoseconds backoff_base = std::chrono::milliseconds{2};
    std::chrono::nanoseconds backoff_cap = std::chrono::milliseconds{250};
    /// Which failures are worth it; empty is `is_transient`. Not asked about the last attempt.
    std::function<bool(const std::exception&)> retries = {};
    /// Told before each pause of the failure and which attempt it was (1, 2, ...). What it throws ends the retrying.
    std::function<void(const std::exception&, std::size_t)> on_retry = {};

    /// Throws `std::invalid_argument` naming the first field that makes no sense.
    void validate() const {
        using pooly::detail::refuse;
        if (max_attempts == 0) refuse("max_attempts", "must be at least 1");
        if (backoff_base < backoff_base.zero()) refuse("backoff_base", "must not be negative");
        if (backoff_cap < backoff_base) refuse("backoff_cap", "must not be shorter than backoff_base");
    }
};

}  // namespace pooly::postgres
