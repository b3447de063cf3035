// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include <pooly/call_site.hpp>
#include <pooly/detail/clock_source.hpp>
#include <pooly/detail/failure_report.hpp>
#include <pooly/detail/slot.hpp>
#include <pooly/detail/stop_token.hpp>
#include <pooly/error.hpp>

namespace pooly::detail {

/// How a consumer asks for a worker.
struct request {
    enum class patience { one_try, timeout, deadline };

    patience kind = patience::one_try;
    std::chrono::nanoseconds limit{};  // how long, or until when on the pool's clock
    bool explains = false;             // whether a refusal comes with the whole story
    stop_token stop{};
    call_site where{};

    // Known once it turns out that time matters: reading the clock costs more than lending an idle worker.
    bool begun = false;
    bool waits = false;                                   // or else it is one try
    clock_source::instant until{};                        // if it waits
    errc refusal = errc::full;                            // what it is told when its time is up
    std::optional<clock_source::instant> queues_since{};  // once it is in the queue
    std::optional<std::chrono::nanoseconds> waited{};     // there, once it was served

    void begin(const clock_source& clock) noexcept {
        if (kind == patience::one_try || std::exchange(begun, true)) return;
        refusal = errc::timeout;
        const auto now = clock.now();
        waits = kind == patience::timeout ? limit > limit.zero() : limit > now;
        until = kind == patience::timeout ? clock.after(limit) : limit;
    }
};

/// What it gets.
struct grant {
    slot* place = nullptr;  // in use by the caller, or null:
    errc refusal{};
    std::exception_ptr cause{};
    std::unique_ptr<failure_report> story{};  // where it was asked for and there was memory for it

    [[nodiscard]] bool refused() const noexcept { return refusal != errc{}; }
};

}  // namespace pooly::detail
