// SPDX-License-Identifier: MIT
#include <string>
#include <type_traits>

#include "mysql/support.hpp"
#include "support/connection_checks.hpp"
#include "support/half_way.hpp"

using namespace mysql_test;
using Catch::Matchers::ContainsSubstring;

static_assert(std::is_same_v<decltype(pooly::pool{factory{options{}}}), pooly::pool<connection>>);
static_assert(std::is_nothrow_move_constructible_v<connection>);
static_assert(!std::is_copy_constructible_v<connection>);
static_assert(std::is_nothrow_copy_constructible_v<error>);

TEST_CASE("MariaDB: several threads share few connections and lose no update") {
    pool_of_one outside;
    outside.outside.execute("insert into t values (1, 0)");
    db_pool db{factory{server::shared().by_tcp()}, {.size = 2, .max_overflow = 1, .checkout_timeout = 60s}};
    const int done = committed_by_many(db, 6, 30, [](connection& c) { c.execute("update t set b = b + 1"); });
    REQUIRE(done == 6 * 24);
    REQUIRE(number(outside.outside, "select b from t") == done);
    REQUIRE(db.status().in_use == 0);
}

TEST_CASE("MariaDB: a statement that fails is told in the server's words, with its number and SQLSTATE") {
    pool_of_one one;
    const auto lease = one.db.checkout();
    const auto failed = failure_in([&] { lease->execute("select nonsense"); });
    REQUIRE(failed.code == 1054);
    REQUIRE(failed.state == "42S22");
    REQUIRE_THAT(failed.message, ContainsSubstring("Unknown column 'nonsense'"));
    REQUIRE_NOTHROW(lease->execute("select 1"));
    REQUIRE(failure_in([&] { lease->execute("select 1; select 2"); }).code == 1064);
}

TEST_CASE("MariaDB: several statements are run to their end where the connection was made for that") {
    pool_of_one one{{.client_flags = CLIENT_MULTI_STATEMENTS}};
    const auto lease = one.db.checkout();
    REQUIRE_NOTHROW(lease->execute("insert into t values (1, 1); select * from t; insert into t values (2, 2)"));
    REQUIRE(one.rows() == 2);
    const auto failed = failure_in([&] { lease->execute("select 1; select nonsense; select 2"); });
    REQUIRE(failed.code == 1054);
    REQUIRE(number(*lease, "select 1") == 1);
}

TEST_CASE("MariaDB: a moved-from connection is closed, and its worker replaced") {
    pool_of_one one;
    check_that_a_moved_from_one_is_replaced(one.db, [](connection& c) { c.execute("select 1"); });
}

TEST_CASE("MariaDB: a detached connection goes on working on its own") {
    pool_of_one one;
    check_that_a_detached_one_goes_on(one.db, [](connection& c) { c.execute("select 1"); });
}
