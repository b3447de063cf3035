// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "support/registry.hpp"
#include "support/search.hpp"
#include "support/suite.hpp"

namespace pooly::model {

/// A model that main.cpp finds.
struct listed {
    template <class Model>
    [[nodiscard]] static listed as(const std::string& name) {
        constexpr auto how = Model::threads == 2 ? search::all : search::at_random;
        registry().push_back({name, [](std::uint64_t executions) {
                                  return told_of(how, explore(
                                                          how, [] { return std::make_unique<Model>(); }, executions));
                              }});
        return {};
    }

private:
    [[nodiscard]] static verdict told_of(search how, const outcome& seen) {
        const auto number = std::to_string(seen.executions);
        if (!seen.holds) return {false, "in execution " + number + '\n' + seen.history};
        return {true, number + " executions" + (how == search::all ? ", which is all there are" : " at random")};
    }
};

}  // namespace pooly::model
