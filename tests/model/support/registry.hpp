// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace pooly::model {

/// How much is tried; main.cpp tells what it is by default and how to ask for more.
struct effort {
    unsigned preemptions;      // two threads: every execution with at most so many
    std::uint64_t executions;  // three: so many at random
};

struct entry {
    std::string name;
    std::function<bool(const effort&)> run;
};

[[nodiscard]] inline std::vector<entry>& registry() {
    static std::vector<entry> all;
    return all;
}

}  // namespace pooly::model
