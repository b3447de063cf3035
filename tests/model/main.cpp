// SPDX-License-Identifier: MIT

// Runs the models whose names begin with one of the arguments, in that order, or all; with --abort only until one is
// broken. README.md tells what they are and how much of them is tried; POOLY_MODEL_EXECUTIONS changes that.
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <set>
#include <string>
#include <vector>

#include "support/registry.hpp"
#include "support/weakening.hpp"

int main(int count, char** arguments) {
    const char* const text = std::getenv("POOLY_MODEL_EXECUTIONS");
    const std::uint64_t executions = text != nullptr ? std::strtoull(text, nullptr, 10) : 20'000;
    std::vector<std::string> asked{arguments + 1, arguments + count};
    const bool aborts = std::erase(asked, "--abort") > 0;
    if (asked.empty()) asked.emplace_back();

    std::set<std::string> tried;
    int broken = 0;
    for (const auto& beginning : asked)
        for (const auto& one : pooly::model::registry()) {
            if (aborts && broken > 0) break;
            if (!one.name.starts_with(beginning) || !tried.insert(one.name).second) continue;
            std::cout << one.name << " ... " << std::flush;  // before, for it may come to crash
            const auto seen = one.run(executions);
            std::cout << (seen.holds ? "holds: " : "BROKEN: ") << seen.told << std::endl;
            if (!seen.holds) ++broken;
        }
    std::cout << tried.size() << " tried, " << broken << " broken\n";
    if (const auto& weak = pooly::model::weakening::asked_for(); weak.is_on())
        std::cout << "weakened " << weak.met() << " times\n";
    return tried.empty() || broken > 0 ? 1 : 0;
}
