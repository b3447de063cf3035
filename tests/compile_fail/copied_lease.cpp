// SPDX-License-Identifier: MIT
// expect: (use of|call to) (implicitly-)?deleted .*lease
#include <utility>

#include <pooly/pooly.hpp>

void use(pooly::pool<int>& workers) {
    auto lease = workers.checkout();
#ifdef POOLY_MENDED
    const auto moved = std::move(lease);
#else
    const auto copy = lease;
#endif
}
