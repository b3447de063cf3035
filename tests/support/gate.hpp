// SPDX-License-Identifier: MIT
#pragma once

#include <semaphore>

namespace pooly::test {

/// User code that does not return before it is told to.
struct gate {
    std::counting_semaphore<> at_work{0};
    std::counting_semaphore<> go_on{0};
    void operator()() {
        at_work.release();
        go_on.acquire();
    }
};

}  // namespace pooly::test
