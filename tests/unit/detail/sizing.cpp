// SPDX-License-Identifier: MIT
#include <pooly/detail/sizing.hpp>

#include <cstddef>

#include "support/catch.hpp"

using pooly::pool_state;
using pooly::detail::sizing;

namespace {

// Rule 16, in the numbers of poolboy's own tests: what a pool is called with so many idle of so many live.
static_assert(sizing{2, 0}.state(2, 2) == pool_state::ready);
static_assert(sizing{2, 0}.state(1, 2) == pool_state::ready);
static_assert(sizing{2, 0}.state(0, 2) == pool_state::full);
static_assert(sizing{1, 1}.state(1, 1) == pool_state::ready);
static_assert(sizing{1, 1}.state(0, 1) == pool_state::overflow);
static_assert(sizing{1, 1}.state(0, 2) == pool_state::full);
static_assert(sizing{0, 2}.state(0, 0) == pool_state::overflow);
static_assert(sizing{0, 2}.state(0, 1) == pool_state::overflow);
static_assert(sizing{0, 2}.state(0, 2) == pool_state::full);
static_assert(sizing{0, 0}.state(0, 0) == pool_state::full);

// A place under `size` that has no worker yet counts as ready.
static_assert(sizing{2, 0}.state(0, 0) == pool_state::ready);
static_assert(sizing{2, 0}.state(0, 1) == pool_state::ready);
static_assert(sizing{2, 2}.state(0, 1) == pool_state::ready);

// After a shrink there may be more workers than places.
static_assert(sizing{1, 0}.state(0, 4) == pool_state::full);
static_assert(sizing{0, 0}.state(0, 4) == pool_state::full);

static_assert(noexcept(sizing{}.places()) && noexcept(sizing{}.overflow(0)) && noexcept(sizing{}.has_room(0)));
static_assert(noexcept(sizing{}.has_surplus(0)) && noexcept(sizing{}.wants_more(0)) && noexcept(sizing{}.state(0, 0)));

}  // namespace

TEST_CASE("for any number of live workers, room, surplus and want follow from size and overflow") {
    for (std::size_t size = 0; size < 4; ++size) {
        for (std::size_t extra = 0; extra < 4; ++extra) {
            const sizing limits{size, extra};
            CHECK(limits.places() == size + extra);
            for (std::size_t live = 0; live < 10; ++live) {
                CHECK(limits.has_room(live) == (live < size + extra));
                CHECK(limits.wants_more(live) == (live < size));
                CHECK(limits.has_surplus(live) == (live > size));
                CHECK(limits.overflow(live) == (live > size ? live - size : 0));
            }
        }
    }
}

TEST_CASE("a pool is ready if one is idle or wanted, else in overflow if there is room, else full") {
    for (std::size_t size = 0; size < 4; ++size) {
        for (std::size_t extra = 0; extra < 4; ++extra) {
            for (std::size_t live = 0; live < 10; ++live) {
                const sizing limits{size, extra};
                const auto none_idle = live < size           ? pool_state::ready
                                       : live < size + extra ? pool_state::overflow
                                                             : pool_state::full;
                CHECK(limits.state(0, live) == none_idle);
                if (live > 0) CHECK(limits.state(1, live) == pool_state::ready);
            }
        }
    }
}
