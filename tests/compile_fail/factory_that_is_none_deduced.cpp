// SPDX-License-Identifier: MIT
// expect: pooly: the factory must be callable with nothing or with a const pooly::create_context&
#include <pooly/pooly.hpp>

void use() {
#ifdef POOLY_MENDED
    pooly::pool workers{[] { return 1; }, {.size = 1}};
#else
    pooly::pool workers{[](int given) { return given; }, {.size = 1}};
#endif
}
