// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include <pooly/pool.hpp>
#include <pooly/pool_options.hpp>

namespace pooly::test {

/// For a pool of one connection, so that the next consumer gets the one that the last left behind.
[[nodiscard]] inline pool_options as_one(pool_options kept) {
    kept.name = "db";
    kept.size = 1;
    kept.backoff_base = {};  // what fails once may be tried at once
    kept.max_restarts = pool_options::unlimited;
    return kept;
}

/// Leaves the connection of such a pool dirty, and says whether the next consumer got the same one.
template <class T, class Identity, class Function>
[[nodiscard]] bool same_after(pool<T>& one, Identity&& identity_of, Function&& make_dirty) {
    auto lease = one.checkout();
    const auto before = identity_of(*lease);
    std::forward<Function>(make_dirty)(*lease);
    lease.checkin();
    return identity_of(*one.checkout()) == before;
}

}  // namespace pooly::test
