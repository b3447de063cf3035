// SPDX-License-Identifier: MIT
#include <string>
#include <type_traits>

#include "postgres/support.hpp"
#include "support/connection_checks.hpp"
#include "support/half_way.hpp"

using namespace postgres_test;

static_assert(std::is_same_v<decltype(pooly::pool{factory{""}}), pooly::pool<connection>>);
static_assert(std::is_nothrow_move_constructible_v<connection>);
static_assert(std::is_nothrow_move_assignable_v<connection>);
static_assert(!std::is_copy_constructible_v<connection>);
static_assert(!std::is_convertible_v<PGconn*, connection>, "owning a handle must be said");
static_assert(std::is_nothrow_copy_constructible_v<error>);

TEST_CASE("PostgreSQL: several threads share few connections and lose no update") {
    auto outside = outsider();
    outside.execute("set client_min_messages = error; drop table if exists t; create table t(a int)");
    outside.execute("insert into t values (0)");
    db_pool db{factory{server::shared().connection_string()}, {.size = 2, .max_overflow = 1, .checkout_timeout = 60s}};
    const int done = committed_by_many(db, 6, 30, [](connection& c) { c.execute("update t set a = a + 1"); });
    REQUIRE(done == 6 * 24);
    REQUIRE(number(outside, "select a from t") == done);
    REQUIRE(db.status().in_use == 0);
}

TEST_CASE("PostgreSQL: a statement that fails is told in the server's words, with its SQLSTATE") {
    pool_of_one one;
    const auto lease = one.db.checkout();
    const auto failed = failure_in([&] { lease->execute("select nonsense"); });
    REQUIRE(failed.state == "42703");
    REQUIRE_THAT(failed.message, Catch::Matchers::ContainsSubstring("column \"nonsense\" does not exist"));
    REQUIRE(failed.message.back() != '\n');
    REQUIRE_NOTHROW(lease->execute("select 1; select 2"));
    REQUIRE(failure_in([&] { lease->execute("copy t from stdin"); }).state == "0A000");
}

TEST_CASE("PostgreSQL: a statement with a zero byte in it is refused, not cut off") {
    pool_of_one one;
    REQUIRE_THROWS_WITH(one.db.checkout()->execute(std::string{"select 1\0 2", 10}),
                        "pooly: sql must not contain a zero byte");
}

TEST_CASE("PostgreSQL: a moved-from connection is closed, and its worker replaced") {
    pool_of_one one;
    check_that_a_moved_from_one_is_replaced(one.db, [](connection& c) { c.execute("select 1"); });
}

TEST_CASE("PostgreSQL: a detached connection goes on working on its own") {
    pool_of_one one;
    check_that_a_detached_one_goes_on(one.db, [](connection& c) { c.execute("select 1"); });
}
