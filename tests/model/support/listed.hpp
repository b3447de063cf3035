// SPDX-License-Identifier: MIT
#pragma once

#include <iostream>
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
        registry().push_back({name, [name](std::uint64_t executions) {
                                  const auto seen = explore(
                                      how, [] { return std::make_unique<Model>(); }, executions);
                                  tell(name, how, seen);
                                  return seen.holds;
                              }});
        return {};
    }

private:
    static void tell(const std::string& name, search how, const outcome& seen) {
        std::cout << (seen.holds ? "holds   " : "BROKEN  ") << name << ": ";
        if (!seen.holds)
            std::cout << "in execution " << seen.executions << '\n' << seen.history;
        else
            std::cout << seen.executions << " executions"
                      << (how == search::all ? ", which is all there are" : " at random");
        std::cout << std::endl;
    }
};

}  // namespace pooly::model
