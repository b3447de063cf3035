// SPDX-License-Identifier: MIT
#pragma once

#include <sys/socket.h>

#include <concepts>
#include <cstddef>
#include <string>
#include <type_traits>

#include <pooly/pooly.hpp>

#include "support/catch.hpp"
#include "support/test_server.hpp"
#include "support/time_of.hpp"

namespace pooly::test {

template <class Factory>
using made_by = std::invoke_result_t<const Factory&, const create_context&>;

/// What the pool does by itself ends also where the server hangs: `quick` is a factory of workers that give up soon.
template <class Factory>
void check_that_no_call_of_the_pool_hangs(const Factory& quick, test_server& server) {
    using db_pool = pool<made_by<Factory>>;
    SECTION("in the health check, and in the connecting after it") {
        db_pool db{quick, {.size = 2, .check_after_idle = 0ns}};
        const frozen meanwhile{server};
        REQUIRE(time_of([&] { REQUIRE(!db.try_checkout_for(long_enough)); }) < hang);
        REQUIRE(db.stats().unhealthy >= 1);
    }
    SECTION("in the reset") {
        db_pool db{quick, {.size = 1}};
        auto lease = db.checkout();
        const frozen meanwhile{server};
        REQUIRE(time_of([&] { lease.checkin(); }) < hang);
        REQUIRE(db.stats().reset_failures == 1);
    }
    SECTION("in the rollback") {
        db_pool db{quick, {.size = 1}};
        auto open = db.begin();
        const frozen meanwhile{server};
        REQUIRE(time_of([&] { REQUIRE_THROWS(open.rollback()); }) < hang);
    }
}

/// Nor does closing a connection, whose server has not taken all that it was sent.
template <class Factory, class SocketOf>
void check_that_closing_waits_for_nobody(const Factory& quick, test_server& server, const SocketOf& socket_of) {
    pool<made_by<Factory>> db{quick, {.size = 1}};
    auto lease = db.checkout();
    const frozen meanwhile{server};
    const std::string much(std::size_t{1} << 16U, 'x');
    while (::send(socket_of(*lease), much.data(), much.size(), MSG_DONTWAIT) > 0) continue;
    REQUIRE(time_of([&] { lease.discard(); }) < hang);
}

/// Leased while the server is killed and comes back, one by a consumer who noticed and one by one who did not.
template <class Factory, std::derived_from<test_server> Server, class Use>
void check_that_lost_leases_are_replaced(const Factory& connect, Server& server, const Use& use) {
    pool<made_by<Factory>> db{connect, {.size = 2, .backoff_base = 1ms, .backoff_cap = 10ms}};
    {
        auto first = db.checkout();
        const auto second = db.checkout();
        dead meanwhile{server};
        REQUIRE_THROWS(use(*first));
        first.checkin();
        meanwhile.come_back();
    }
    auto lease = db.try_checkout_for(5s);
    while (!lease) lease = db.try_checkout_for(5s);
    use(*lease);
    REQUIRE(db.stats().destroyed == 2);
}

}  // namespace pooly::test
