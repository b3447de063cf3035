// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace pooly::model {

struct verdict {
    bool holds = false;
    std::string told;  // how much was tried, or what broke it
};

struct entry {
    std::string name;
    std::function<verdict(std::uint64_t executions)> run;  // so many where not all are tried
};

[[nodiscard]] inline std::vector<entry>& registry() {
    static std::vector<entry> all;
    return all;
}

}  // namespace pooly::model
