// SPDX-License-Identifier: MIT
#include <pooly/detail/control_handle.hpp>

#include <cstdint>
#include <memory>
#include <set>
#include <type_traits>

#include "support/catch.hpp"

using pooly::detail::control_block;
using pooly::detail::control_handle;

namespace {

static_assert(!std::is_copy_constructible_v<control_handle> && !std::is_move_constructible_v<control_handle>);
static_assert(std::is_nothrow_destructible_v<control_handle>);

}  // namespace

TEST_CASE("a pool's stay in a control block has an id, and leaves nothing behind") {
    control_block* block = nullptr;
    {
        const control_handle stay;
        block = &*stay;
        CHECK(stay->pool_id != 0);
    }
    CHECK(block->pool_id == 0);
    CHECK(block->core == nullptr);
}

TEST_CASE("two pools have two blocks, and a block that was left is used again") {
    auto one = std::make_unique<control_handle>();
    const control_handle two;
    auto* const first = &**one;
    CHECK(first != &*two);
    one.reset();
    one = std::make_unique<control_handle>();
    CHECK(&**one == first);
}

TEST_CASE("a pool's id is never used again, though its block is") {
    std::set<std::uint64_t> ids;
    for (int i = 0; i < 100; ++i) {
        const control_handle one;
        const control_handle two;
        ids.insert(one->pool_id);
        ids.insert(two->pool_id);
    }
    CHECK(ids.size() == 200);
    CHECK(ids.count(0) == 0);
}
