// SPDX-License-Identifier: MIT
#define CATCH_CONFIG_RUNNER  // Catch2 2 puts its implementation here; 3 takes no notice
#include "support/catch.hpp"

int main(int argc, char* argv[]) { return Catch::Session().run(argc, argv); }
