// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include <pooly/pooly.hpp>

#include "support/catch.hpp"

namespace pooly::test {

/// So many can be out at once beside those that are, and no more: no place was lost, and none was won.
template <class Pool>
void check_places(Pool& db, std::size_t places) {
    const auto out_before = db.status().in_use;
    std::vector<lease<typename Pool::worker_type>> out;
    while (auto one = db.try_checkout()) out.push_back(std::move(one).value());
    CHECK(out.size() == places);
    const auto seen = db.status();
    CHECK(seen.in_use == out_before + places);
    CHECK(seen.live == out_before + places);
}

}  // namespace pooly::test
