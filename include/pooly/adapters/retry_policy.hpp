// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>

#include <pooly/adapters/detail/refusing.hpp>

namespace pooly {

/// How often the `transaction` of a database's adapter tries, for designated initialisers.
struct retry_policy {
    /// The first one counts, too: 1 never retries.
    std::size_t max_attempts = 5;
    /// The pauses are random, on average longer each time, and none is shorter or longer than these; those who failed
    /// together should not meet again. No connection is held meanwhile.
    std::chrono::nanoseconds backoff_base = std::chrono::milliseconds{2};
    std::chrono::nanoseconds backoff_cap = std::chrono::milliseconds{250};
    /// Which failures are worth it; empty is the adapter's `is_transient`. Not asked about the last attempt.
    std::function<bool(const std::exception&)> retries = {};
    /// Told before each pause of the failure and which attempt it was (1, 2, ...). What it throws ends the retrying.
    std::function<void(const std::exception&, std::size_t)> on_retry = {};

    /// Throws `std::invalid_argument` naming the first field that makes no sense.
    void validate() const {
        using adapters::detail::exactly;
        using adapters::detail::refuse;
        if (max_attempts == 0) refuse("max_attempts", "must be at least 1", exactly(max_attempts));
        adapters::detail::refuse_negative("backoff_base", backoff_base);
        if (backoff_cap < backoff_base)
            refuse("backoff_cap", "must not be shorter than backoff_base",
                   exactly(backoff_cap) + " and " + exactly(backoff_base));
    }
};

}  // namespace pooly
