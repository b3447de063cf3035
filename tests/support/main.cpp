// SPDX-License-Identifier: MIT
#define CATCH_CONFIG_RUNNER  // Catch2 2 puts its implementation here; 3 takes no notice
#include <cstring>
#include <vector>

#include "support/catch.hpp"
#include "support/seed.hpp"

// Catch2's options, and `--seed N`, which is ours.
int main(int argc, char* argv[]) {
    std::vector<char*> rest;
    for (int i = 0; i < argc; ++i) {
        if (std::strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
            pooly::test::seed_on_command_line = argv[++i];
        else
            rest.push_back(argv[i]);
    }
    return Catch::Session().run(static_cast<int>(rest.size()), rest.data());
}
