// SPDX-License-Identifier: MIT
// expect: ignoring return(ed)? value.*nodiscard
#include <pooly/pooly.hpp>

void use(pooly::pool<int>& workers) {
#ifdef POOLY_MENDED
    const auto result = workers.try_checkout();
#else
    workers.try_checkout();
#endif
}
