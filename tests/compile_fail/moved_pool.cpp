// SPDX-License-Identifier: MIT
// expect: (use of|call to) (implicitly-)?deleted .*pool
#include <utility>

#include <pooly/pooly.hpp>

void use(pooly::pool<int>& workers) {
#ifdef POOLY_MENDED
    pooly::pool<int>& same = workers;
#else
    pooly::pool<int> same = std::move(workers);
#endif
    same.close();
}
