// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "settings.hpp"

namespace bench {

/// One worker, and more threads than that, none of which has anything to do with it: each check-out is a hand-over to
/// a thread that sleeps. Beside it the least that does the same: threads that pass a turn on around a ring, each asleep
/// on a condition variable of its own.
struct handoff_case {
    const char* name;
    bool is_pool;
    std::size_t threads;
};
inline constexpr std::array<handoff_case, 8> handoff_cases{{{"ring of 2", false, 2},
                                                            {"ring of 8", false, 8},
                                                            {"ring of 64", false, 64},
                                                            {"ring of 1000", false, 1000},
                                                            {"pooly, 3 threads", true, 3},
                                                            {"pooly, 8 threads", true, 8},
                                                            {"pooly, 64 threads", true, 64},
                                                            {"pooly, 1000 threads", true, 1000}}};

/// Microseconds from one hand-over to the next, in each turn of each case.
using handoff_samples = std::array<std::vector<double>, handoff_cases.size()>;

[[nodiscard]] handoff_samples measure_handoffs(const settings& chosen);

}  // namespace bench
