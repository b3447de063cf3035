// SPDX-License-Identifier: MIT
#pragma once

#include <iostream>
#include <sstream>
#include <string>

#include "support/registry.hpp"
#include "support/suite.hpp"

namespace pooly::model {

/// Runs a model, and tells how much of it, or where it went wrong.
template <class Model>
[[nodiscard]] bool try_out(const std::string& name, const effort& much) {
    constexpr bool all = Model::params::thread_count == 2;
    std::ostringstream story;
    std::ostringstream progress;
    rl::test_params asked;
    asked.output_stream = &story;
    asked.progress_stream = &progress;
    asked.search_type = all ? rl::fair_context_bound_scheduler_type : rl::random_scheduler_type;
    asked.context_bound = much.preemptions + Model::more_preemptions;
    asked.iteration_count = much.executions;
    asked.execution_depth_limit = 10000;
    const bool holds = rl::simulate<Model>(asked);
    std::cout << (holds ? "holds   " : "BROKEN  ") << name << ": " << asked.stop_iteration << " executions, "
              << (all ? "all with at most " + std::to_string(asked.context_bound) + " preemptions" : "at random")
              << std::endl;
    if (!holds) std::cout << story.str() << std::endl;
    return holds;
}

struct listed {
    template <class Model>
    [[nodiscard]] static listed as(const std::string& name) {
        registry().push_back({name, [name](const effort& much) { return try_out<Model>(name, much); }});
        return {};
    }
};

}  // namespace pooly::model
