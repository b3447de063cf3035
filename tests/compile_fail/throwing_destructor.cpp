// SPDX-License-Identifier: MIT
// expect: pooly: a worker's destructor must not throw
#include <pooly/pooly.hpp>

struct worker {
#ifdef POOLY_MENDED
    ~worker() {}
#else
    ~worker() noexcept(false) {}
#endif
};

void use() {
    pooly::pool<worker> workers{[] { return worker{}; }};
}
