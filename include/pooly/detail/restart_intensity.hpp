// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <vector>

#include <pooly/pool_options.hpp>

namespace pooly::detail {

/// Whether workers die too often: more than `max_restarts` deaths within `window` (Erlang/OTP's supervisor: five within
/// five seconds are allowed, the sixth is fatal). A window of zero, or `pool_options::unlimited`, allows any number.
/// Guarded by the pool's lock.
class restart_intensity {
public:
    /// Throws: what allocating a place for each of `max_restarts` throws; counting then never does.
    restart_intensity(std::size_t max_restarts, std::chrono::nanoseconds window)
        : is_off_{max_restarts == pool_options::unlimited || window <= window.zero()},
          window_{window},
          deaths_(is_off_ ? 0 : max_restarts) {}

    /// A worker died at `now`, since the epoch of the pool's clock. Returns: whether this death was one too many.
    [[nodiscard]] bool count(std::chrono::nanoseconds now) noexcept {
        if (is_off_) return false;
        if (deaths_.empty()) return true;
        latest_ = std::max(latest_, now);  // deaths of several threads may be told in another order than they happened
        auto& oldest = deaths_[next_];
        const bool fatal = known_ == deaths_.size() && latest_ - oldest <= window_;
        oldest = latest_;
        next_ = (next_ + 1) % deaths_.size();
        known_ = std::min(known_ + 1, deaths_.size());
        return fatal;
    }

    /// As if none had died: after a restart.
    void forget() noexcept {
        known_ = 0;
        latest_ = std::chrono::nanoseconds::min();
    }

private:
    bool is_off_;
    std::chrono::nanoseconds window_;
    std::vector<std::chrono::nanoseconds> deaths_;  // a ring of the last `max_restarts`
    std::size_t next_ = 0;                          // where the next goes: over the oldest, once the ring is full
    std::size_t known_ = 0;
    std::chrono::nanoseconds latest_ = std::chrono::nanoseconds::min();
};

}  // namespace pooly::detail
