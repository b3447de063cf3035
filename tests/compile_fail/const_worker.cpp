// SPDX-License-Identifier: MIT
// expect: pooly: a worker must be an object, not const
#include <pooly/pooly.hpp>

#ifdef POOLY_MENDED
using worker = int;
#else
using worker = const int;
#endif

void use() {
    pooly::pool<worker> workers{[] { return 1; }};
}
