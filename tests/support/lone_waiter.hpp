// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include <pooly/detail/waiter.hpp>

namespace pooly::test {

/// A waiter without a pool around it.
struct lone_waiter : private std::unique_ptr<detail::control_block>, detail::waiter {
    explicit lone_waiter(detail::thread_key thread = 0,
                         const detail::clock_source& clock = detail::clock_source::of<std::chrono::steady_clock>())
        : lone_waiter{thread, clock, clock.now()} {}
    lone_waiter(detail::thread_key thread, const detail::clock_source& clock, detail::clock_source::instant since)
        : std::unique_ptr<detail::control_block>{std::make_unique<detail::control_block>()},
          detail::waiter{**this, clock, std::make_shared<const std::string>("db"), thread, since} {}
};

}  // namespace pooly::test
