// SPDX-License-Identifier: MIT
#include <pooly/pooly.hpp>

#include "support/catch.hpp"

TEST_CASE("one header brings all that a user needs") {
    pooly::pool db{[](const pooly::create_context&) { return 1; }, pooly::pool_options{.size = 1},
                   pooly::worker_hooks<int>{}};
    const pooly::lease<int> held = db.checkout(pooly::call_site::current());
    const pooly::checkout_result<int> none = db.try_checkout();
    CHECK(none.error() == pooly::errc::full);
    const pooly::pool_status status = db.status();
    CHECK(to_string(status.state) == "full");
    const pooly::pool_stats stats = db.stats();
    CHECK(pooly::histogram{stats.wait}.count() == 1);
    pooly::pool_registry pools;
    const std::vector<pooly::named_status> none_yet = pools.statuses();
    CHECK(none_yet.empty());
    static_assert(POOLY_VERSION_MAJOR >= 0);
    static_assert(std::is_move_constructible_v<pooly::transaction_guard<int>>);
}
