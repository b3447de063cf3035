// SPDX-License-Identifier: MIT
// expect: pooly: the factory must return the worker type by value
#include <string>

#include <pooly/pooly.hpp>

void use() {
#ifdef POOLY_MENDED
    pooly::pool<std::string> workers{[] { return std::string{"worker"}; }};
#else
    pooly::pool<std::string> workers{[] { return 42; }};
#endif
}
