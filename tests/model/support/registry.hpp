// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace pooly::model {

struct entry {
    std::string name;
    std::function<bool(std::uint64_t executions)> run;  // so many where not all are tried; tells, and returns: it holds
};

[[nodiscard]] inline std::vector<entry>& registry() {
    static std::vector<entry> all;
    return all;
}

}  // namespace pooly::model
