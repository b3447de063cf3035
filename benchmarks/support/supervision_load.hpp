// SPDX-License-Identifier: MIT
#pragma once

#include <optional>

#include "settings.hpp"

namespace bench {

inline constexpr int supervised_pools = 1000;
inline constexpr int supervised_workers = 10;  ///< of each pool

/// What it costs that one watchdog looks after many pools, while nothing is due.
struct supervision_sample {
    double sweep_ms = 0;        ///< processor time of a look at every worker of every pool: the median
    double worst_sweep_ms = 0;  ///< the longest of them
    double idle_percent = 0;    ///< processor time of the whole process, of one core, while nobody does anything
};

[[nodiscard]] supervision_sample measure_supervision(const settings& chosen);

}  // namespace bench
