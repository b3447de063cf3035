// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>

#include <pooly/call_site.hpp>
#include <pooly/detail/clock_source.hpp>
#include <pooly/error.hpp>
#include <pooly/pool_event.hpp>

namespace pooly::detail {

/// Consumers that were turned away for one reason, so that a crowd of them is no crowd of events: the first is told at
/// once, those that follow within a second as one sum. Guarded by the pool's lock.
class shed_tally {
public:
    static constexpr std::chrono::seconds pause{1};

    explicit shed_tally(errc reason) noexcept : sum_{reason, 0, {}, 0} {}

    void add(std::size_t waiting, const call_site& where) noexcept {
        ++sum_.times;
        sum_.waiting = waiting;
        sum_.where = where;
    }

    /// What is to be told by now, if anything.
    [[nodiscard]] std::optional<events::shed> take(clock_source::instant now) noexcept {
        if (sum_.times == 0 || now < quiet_until_) return std::nullopt;
        quiet_until_ = clock_source::later(now, pause);
        return std::exchange(sum_, events::shed{sum_.reason, 0, {}, 0});
    }

    /// When there is something to be told; never if nobody was turned away since it was told last.
    [[nodiscard]] clock_source::instant due() const noexcept {
        return sum_.times == 0 ? clock_source::never : quiet_until_;
    }

private:
    events::shed sum_;
    clock_source::instant quiet_until_ = clock_source::instant::min();
};

}  // namespace pooly::detail
