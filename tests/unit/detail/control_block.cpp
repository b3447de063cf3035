// SPDX-License-Identifier: MIT
#include <pooly/detail/control_block.hpp>

#include <chrono>
#include <cstddef>

#include "support/catch.hpp"

using namespace pooly::detail;

namespace {

static_assert(alignof(control_block) == cache_line);
static_assert(offsetof(control_block, mutex) % cache_line == 0,
              "those who queue for the lock do not disturb those who look at the attention word");
static_assert(offsetof(control_block, check_after) + sizeof(std::chrono::nanoseconds) <= cache_line,
              "all that the fast path reads is on one line");

}  // namespace

TEST_CASE("a control block begins with no pool, nothing to attend to, and nobody to be asked") {
    const control_block block;
    CHECK(block.attention.load() == 0);
    CHECK(block.pool_id == 0);
    CHECK(block.core == nullptr);
    CHECK(block.check_after == std::chrono::nanoseconds::max());
}

TEST_CASE("a block that its pool has vacated has nobody home") {
    control_block block;
    block.pool_id = 7;
    block.core = reinterpret_cast<pool_core*>(&block);  // somebody
    block.vacate();
    CHECK(block.pool_id == 0);
    CHECK(block.core == nullptr);
}
