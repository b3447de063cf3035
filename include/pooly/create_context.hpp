// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>

#include <pooly/detail/stop_token.hpp>

namespace pooly {

/// What a factory may ask for: `[](const pooly::create_context& context) { ... }`.
/// A factory that keeps to both never makes its consumer late. One that does not is let finish: the consumer gets its
/// `errc::timeout` or `errc::cancelled` afterwards, and the worker goes to the next.
struct create_context {
    /// When the consumer gives up; `max()` where there is no such time, as for `try_checkout()` or `prewarm()`.
    std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
    /// `std::stop_token` of the consumer, where the standard library has one.
    detail::stop_token stop = {};
};

}  // namespace pooly
