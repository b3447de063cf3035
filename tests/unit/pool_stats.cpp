// SPDX-License-Identifier: MIT
#include <pooly/pool_stats.hpp>

#include <type_traits>

#include "support/catch.hpp"

namespace {

static_assert(std::is_aggregate_v<pooly::pool_stats> && std::is_trivially_copyable_v<pooly::pool_stats>);

}  // namespace

// That each counter counts what it says is told next to what it counts: detail/pool_core_look.cpp.
TEST_CASE("statistics begin at nothing") {
    const pooly::pool_stats none;
    using stats = pooly::pool_stats;
    for (const auto counter :
         {&stats::checkouts, &stats::waited, &stats::created, &stats::create_failures, &stats::destroyed,
          &stats::dismissed, &stats::discarded, &stats::unhealthy, &stats::reset_failures, &stats::retire_failures,
          &stats::detached, &stats::timeouts, &stats::cancelled, &stats::full, &stats::suspended, &stats::overloaded})
        CHECK(none.*counter == 0);
    CHECK(none.wait.count() == 0);
    CHECK(none.create.count() == 0);
    CHECK(none.hold.count() == 0);
}
