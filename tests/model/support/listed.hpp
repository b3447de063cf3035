// SPDX-License-Identifier: MIT
#pragma once

#include <iostream>
#include <sstream>
#include <string>
#include <type_traits>

#include "support/exhaustive_scheduler.hpp"
#include "support/registry.hpp"
#include "support/suite.hpp"

namespace pooly::model {

/// What an execution of a model is chosen by: all there are, all with few preemptions, or chance.
template <class Model>
using scheduler = std::conditional_t<
    Model::how == search::all, exhaustive_scheduler<Model::params::thread_count>,
    std::conditional_t<Model::how == search::few_preemptions, rl::context_bound_scheduler<Model::params::thread_count>,
                       rl::random_scheduler<Model::params::thread_count>>>;

/// Runs a model, and tells how much of it, or where it went wrong.
template <class Model>
[[nodiscard]] bool try_out(const std::string& name, const effort& much) {
    std::ostringstream story;
    std::ostringstream progress;
    rl::test_params asked;
    asked.output_stream = &story;
    asked.progress_stream = &progress;
    asked.search_type =
        Model::how == search::at_random ? rl::random_scheduler_type : rl::fair_full_search_scheduler_type;
    asked.context_bound = much.preemptions;
    asked.iteration_count = much.executions;
    asked.execution_depth_limit = 10'000;
    std::ostringstream state;
    const bool holds = rl::run_test<Model, scheduler<Model>>(asked, state, false) == rl::test_result_success;
    if (!holds) {  // once more, for its history
        asked.initial_state = state.str();
        asked.collect_history = true;
        (void)rl::run_test<Model, scheduler<Model>>(asked, state, true);
    }
    std::cout << (holds ? "holds   " : "BROKEN  ") << name << ": " << asked.stop_iteration << " executions, "
              << (Model::how == search::all               ? "which is all there are"
                  : Model::how == search::few_preemptions ? "all with few preemptions"
                                                          : "at random")
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
