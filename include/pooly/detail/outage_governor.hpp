// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include <pooly/detail/backoff.hpp>

namespace pooly::detail {

/// Who may call the factory, and when: keeps a dead backend from being stormed and its pool from waiting for it.
///
///     up    at most max_connecting at once; a failure means down
///     down  nobody until next_attempt(), then one prober; its failure puts the next attempt off further
///     ->    any success means up: one at a time at first, then 2, 4, ... up to max_connecting
///
/// Only a failure of an attempt that began since the last turn counts, a turn being each change from up to down and
/// back and each failed probe: what began earlier tells of an outage that is known already, or over. So a wave of
/// attempts that fail together lengthens the backoff once, and one that hangs through the outage cannot start another.
///
/// Times are since the epoch of the pool's clock. Guarded by the pool's lock.
class outage_governor {
public:
    struct limits {
        std::size_t max_connecting = 2;           // 0 is taken for 1
        std::chrono::nanoseconds backoff_base{};  // 0: never down, only max_connecting is kept
        std::chrono::nanoseconds backoff_cap{};
    };

    enum class verdict {
        go,
        busy,  // as many are connecting as may: wait for one of them to end
        down,  // not before next_attempt(), and only if no prober is under way then
    };

    /// What an attempt keeps from its begin to its end.
    class attempt {
        friend outage_governor;
        explicit attempt(std::uint64_t turn) noexcept : turn_{turn} {}
        std::uint64_t turn_;
    };

    outage_governor(const limits& rules, std::uint64_t seed) noexcept
        : max_connecting_{std::max<std::size_t>(rules.max_connecting, 1)},
          allowed_{max_connecting_},
          backoff_{rules.backoff_base, rules.backoff_cap, seed} {}

    [[nodiscard]] verdict may_connect(std::chrono::nanoseconds now) const noexcept {
        // Whoever still hangs from before the last turn takes up max_connecting but is neither prober nor ramp. A turn
        // ends an attempt, so there is always room for one prober beside them.
        if (down_) return now >= next_attempt_ && recent_ == 0 ? verdict::go : verdict::down;
        return connecting_ < max_connecting_ && recent_ < allowed_ ? verdict::go : verdict::busy;
    }

    /// Right after `may_connect` said go. One of the three below must follow.
    [[nodiscard]] attempt begin() noexcept {
        ++connecting_;
        ++recent_;
        return attempt{turn_};
    }

    void succeeded(attempt ended) noexcept {
        end(ended);
        backoff_.reset();
        if (down_)
            come_up();
        else
            allowed_ = allowed_ > max_connecting_ / 2 ? max_connecting_ : allowed_ * 2;
    }

    void failed(attempt ended, std::chrono::nanoseconds now) noexcept {
        const bool counts = is_recent(ended);
        end(ended);
        if (!counts || backoff_.is_off()) return;
        turn();
        down_ = true;
        const auto wait = backoff_.next();
        next_attempt_ = now > std::chrono::nanoseconds::max() - wait ? std::chrono::nanoseconds::max() : now + wait;
    }

    /// It ended without a word on the backend: the pool was closed, or the factory was not called after all.
    void abandoned(attempt ended) noexcept { end(ended); }

    /// Forgets an outage, as `restart()` asks: one more may try at once, and a failure of what is under way counts no
    /// more.
    void retry_now() noexcept {
        backoff_.reset();
        if (down_) come_up();
    }

    [[nodiscard]] bool is_down() const noexcept { return down_; }
    /// Not before this; means something only while down. It lies in the past while a prober is under way.
    [[nodiscard]] std::chrono::nanoseconds next_attempt() const noexcept { return next_attempt_; }
    /// Attempts under way, whenever they began.
    [[nodiscard]] std::size_t connecting() const noexcept { return connecting_; }

private:
    [[nodiscard]] bool is_recent(attempt one) const noexcept { return one.turn_ == turn_; }

    void end(attempt one) noexcept {
        --connecting_;
        if (is_recent(one)) --recent_;
    }

    void turn() noexcept {
        ++turn_;
        recent_ = 0;
    }

    void come_up() noexcept {
        turn();
        down_ = false;
        allowed_ = 1;
    }

    std::size_t max_connecting_;
    std::size_t allowed_;  // at once, of those that began since the last turn; while up
    backoff backoff_;
    std::size_t connecting_ = 0;
    std::size_t recent_ = 0;  // of these, begun since the last turn
    std::uint64_t turn_ = 0;
    bool down_ = false;
    std::chrono::nanoseconds next_attempt_{};
};

}  // namespace pooly::detail
