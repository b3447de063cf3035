// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include <pooly/pool.hpp>

#include "support/catch.hpp"

namespace pooly::test {

/// A consumer who moves the connection of a pool of one away leaves a closed one, which is replaced.
template <class T, class Use>
void check_that_a_moved_from_one_is_replaced(pool<T>& one, const Use& use) {
    {
        auto lease = one.checkout();
        T stolen{std::move(*lease)};
        REQUIRE(lease->get() == nullptr);
        REQUIRE_THROWS_WITH(use(*lease), "the connection is closed");
        REQUIRE_NOTHROW(use(stolen));
    }
    REQUIRE(one.stats().reset_failures == 1);
    REQUIRE_NOTHROW(use(*one.checkout()));
}

template <class T, class Use>
void check_that_a_detached_one_goes_on(pool<T>& one, const Use& use) {
    auto own = one.checkout().detach();
    one.close();
    REQUIRE_NOTHROW(use(own));
}

}  // namespace pooly::test
