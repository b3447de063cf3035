// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <map>
#include <vector>

#include "settings.hpp"

namespace bench {

/// One worker, and more threads than that, none of which has anything to do with it: each check-out is a hand-over to
/// a thread that sleeps. Beside it the least that does the same: as many threads that pass a turn on around a ring,
/// each asleep on a condition variable of its own. Both for as long as it takes, and both with a timeout, for which the
/// clock is read and a timer set. (Of two threads every other one finds its turn come before it sleeps.)
struct handoff_case {
    std::size_t threads;
    bool has_timeout;
    bool is_pool;
    friend auto operator<=>(const handoff_case&, const handoff_case&) = default;
};
inline constexpr std::array<std::size_t, 3> handoff_threads{8, 64, 1000};

/// Microseconds from one hand-over to the next, in each turn.
using handoff_samples = std::map<handoff_case, std::vector<double>>;

[[nodiscard]] handoff_samples measure_handoffs(const settings& chosen);

}  // namespace bench
