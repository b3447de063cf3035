// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "contention_load.hpp"
#include "handoff_load.hpp"
#include "measurements.hpp"
#include "supervision_load.hpp"

namespace bench {

/// Each pool's turns, by what it was and name.
using contention_samples = std::map<std::pair<contention_case, std::string>, std::vector<contention_sample>>;

/// Each of them prints nothing where nothing was measured.
void print_pairs(const measurements& measured, const std::vector<std::string>& names);
void print_scarce(const measurements& measured, const std::vector<std::string>& names);
void print_growth(const measurements& measured, const std::vector<std::string>& names);
void print_contention(const contention_samples& samples, const std::vector<std::string>& names);
void print_waiting(const contention_samples& samples, const std::vector<std::string>& names);
void print_handoff(const handoff_samples& samples);
void print_registry(const measurements& measured);

/// One line for each promise that pooly makes about its speed.
void print_verdicts(const measurements& measured, const contention_samples& samples, const handoff_samples& handoffs,
                    const std::optional<supervision_sample>& supervision);

}  // namespace bench
