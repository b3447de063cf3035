// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "settings.hpp"

namespace bench {

/// One worker, and more threads than that, none of which has anything to do with it: each check-out is a hand-over to
/// a thread that sleeps. Beside it the least that does the same: as many threads that pass a turn on around a ring,
/// each asleep on a condition variable of its own. (In a ring of 2 every other one finds its turn come before it
/// sleeps.)
struct handoff_case {
    const char* name;
    std::size_t threads;
    bool is_pool;
};
inline constexpr std::array<handoff_case, 8> handoff_cases{{{"ring of 2", 2, false},
                                                            {"pooly, 2 threads", 2, true},
                                                            {"ring of 8", 8, false},
                                                            {"pooly, 8 threads", 8, true},
                                                            {"ring of 64", 64, false},
                                                            {"pooly, 64 threads", 64, true},
                                                            {"ring of 1000", 1000, false},
                                                            {"pooly, 1000 threads", 1000, true}}};

/// Microseconds from one hand-over to the next, in each turn of each case.
using handoff_samples = std::array<std::vector<double>, handoff_cases.size()>;

[[nodiscard]] handoff_samples measure_handoffs(const settings& chosen);

}  // namespace bench
