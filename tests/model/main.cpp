// SPDX-License-Identifier: MIT

// Runs the models whose names begin with one of the arguments, in that order, or all. README.md tells what they are and
// how much of them is tried; POOLY_MODEL_EXECUTIONS changes that.
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <set>
#include <string>
#include <vector>

#include "support/registry.hpp"
#include "support/weakening.hpp"

int main(int count, char** names) {
    const char* const text = std::getenv("POOLY_MODEL_EXECUTIONS");
    const std::uint64_t executions = text != nullptr ? std::strtoull(text, nullptr, 10) : 20'000;
    const std::vector<std::string> asked =
        count > 1 ? std::vector<std::string>(names + 1, names + count) : std::vector<std::string>{""};
    auto& weak = pooly::model::weakening::asked_for();

    std::set<std::string> tried;
    int broken = 0;
    for (const auto& beginning : asked)
        for (const auto& one : pooly::model::registry()) {
            if (weak.is_on() && broken > 0) break;  // seen once is enough
            if (!one.name.starts_with(beginning) || !tried.insert(one.name).second) continue;
            if (weak.is_on()) std::cout << "trying  " << one.name << std::endl;  // it may come to crash
            if (!one.run(executions)) ++broken;
        }
    std::cout << tried.size() << " tried, " << broken << " broken\n";
    if (weak.is_on()) std::cout << "weakened " << weak.met() << " times\n";
    return tried.empty() || broken > 0 ? 1 : 0;
}
