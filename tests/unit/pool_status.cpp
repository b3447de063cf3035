// SPDX-License-Identifier: MIT
#include <pooly/pool_status.hpp>

#include <set>
#include <string>
#include <type_traits>

#include "support/catch.hpp"

using pooly::pool_state;
using pooly::pool_status;

namespace {

static_assert(std::is_aggregate_v<pool_status> && std::is_trivially_copyable_v<pool_status>);
static_assert(noexcept(to_string(pool_state::ready)));
static_assert(to_string(pool_state::ready) == "ready", "known when the program is compiled");

}  // namespace

TEST_CASE("every state is told by a word of its own") {
    std::set<std::string> words;
    for (const auto state : {pool_state::ready, pool_state::overflow, pool_state::full, pool_state::suspended,
                             pool_state::failed, pool_state::closed})
        words.emplace(to_string(state));
    CHECK(words == std::set<std::string>{"ready", "overflow", "full", "suspended", "failed", "closed"});
    CHECK(to_string(static_cast<pool_state>(77)) == "unknown");
}

TEST_CASE("two looks are equal when everything they saw is") {
    const pool_status one{.state = pool_state::full, .in_use = 2, .live = 2};
    CHECK(one == pool_status{one});
    for (const auto field : {&pool_status::idle, &pool_status::in_use, &pool_status::making, &pool_status::checking,
                             &pool_status::retiring, &pool_status::live, &pool_status::overflow, &pool_status::waiting,
                             &pool_status::late}) {
        auto other = one;
        ++(other.*field);
        CHECK(other != one);
    }
    auto other = one;
    other.state = pool_state::ready;
    CHECK(other != one);
    other = one;
    other.backend_down = true;
    CHECK(other != one);
}
