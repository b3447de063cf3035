// SPDX-License-Identifier: MIT

// Runs the models whose names begin with one of the arguments, or all. README.md tells what they are and how much of
// them is tried; POOLY_MODEL_PREEMPTIONS and POOLY_MODEL_EXECUTIONS change that.
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>

#include "support/registry.hpp"

namespace {

[[nodiscard]] std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
    const char* const text = std::getenv(name);
    return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

[[nodiscard]] bool is_asked_for(const std::string& name, int count, char** names) {
    bool asked = count == 1;
    for (int i = 1; i < count; ++i) asked = asked || name.starts_with(names[i]);
    return asked;
}

}  // namespace

int main(int count, char** names) {
    const pooly::model::effort much{static_cast<unsigned>(from_environment("POOLY_MODEL_PREEMPTIONS", 3)),
                                    from_environment("POOLY_MODEL_EXECUTIONS", 20'000)};
    int broken = 0;
    int tried = 0;
    for (const auto& one : pooly::model::registry()) {
        if (!is_asked_for(one.name, count, names)) continue;
        ++tried;
        if (!one.run(much)) ++broken;
    }
    std::cout << tried << " tried, " << broken << " broken\n";
    return tried == 0 || broken > 0 ? 1 : 0;
}
