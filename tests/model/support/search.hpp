// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "support/scenario.hpp"

namespace pooly::model {

/// Which executions of a model are tried.
enum class search {
    all,         // but of those that differ only in the order of what commutes, one; two threads
    all_indeed,  // Relacy's own, which leaves out nothing; two threads
    at_random,   // three threads
};

struct outcome {
    bool holds = false;
    std::uint64_t executions = 0;
    std::string history;  // of the execution that broke it
};

/// `executions` bounds those at random.
[[nodiscard]] outcome explore(search how, const maker& make, std::uint64_t executions);

}  // namespace pooly::model
