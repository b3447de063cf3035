// SPDX-License-Identifier: MIT
// expect: pooly: the factory must return the worker type by value
#include <pooly/pooly.hpp>

int only_one = 0;

void use() {
#ifdef POOLY_MENDED
    pooly::pool<int> workers{[]() -> int { return only_one; }};
#else
    pooly::pool<int> workers{[]() -> int& { return only_one; }};
#endif
}
