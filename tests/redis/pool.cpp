// SPDX-License-Identifier: MIT
#include <cstring>
#include <string>
#include <type_traits>

#include "redis/support.hpp"
#include "support/connection_checks.hpp"
#include "support/half_way.hpp"

using namespace redis_test;

static_assert(std::is_same_v<decltype(pooly::pool{factory{options{}}}), pooly::pool<connection>>);
static_assert(std::is_nothrow_move_constructible_v<connection>);
static_assert(std::is_nothrow_move_assignable_v<connection>);
static_assert(!std::is_copy_constructible_v<connection>);
static_assert(std::is_nothrow_copy_constructible_v<error>);

TEST_CASE("Redis: several threads share few connections and lose no increment") {
    auto outside = outsider();
    outside.command("FLUSHALL");
    db_pool db{factory{server::shared().by_tcp()}, {.size = 2, .max_overflow = 1, .checkout_timeout = 60s}};
    const int done = committed_by_many(db, 6, 30, [](connection& c) { c.command("INCR", "a"); });
    REQUIRE(done == 6 * 24);
    REQUIRE(number(outside.command("GET", "a")) == done);
    REQUIRE(db.status().in_use == 0);
}

TEST_CASE("Redis: a command that fails is told in the server's words, with its prefix") {
    pool_of_one one;
    const auto lease = one.db.checkout();
    lease->command("SET", "text", "abc");
    const auto wrong = failure_in([&] { lease->command("LPUSH", "text", "x"); });
    REQUIRE(wrong.what == kind::refused);
    REQUIRE(wrong.prefix == "WRONGTYPE");
    REQUIRE_THAT(wrong.message, Catch::Matchers::StartsWith("WRONGTYPE Operation against a key"));
    REQUIRE(failure_in([&] { lease->command("NONSENSE"); }).prefix == "ERR");
    REQUIRE(text(lease->command("GET", "text")) == "abc");
}

TEST_CASE("Redis: a command takes and returns any bytes") {
    pool_of_one one;
    const std::string bytes{"a\0\r\n\xff*", 6};
    const auto lease = one.db.checkout();
    lease->command("SET", bytes, bytes);
    REQUIRE(text(lease->command("GET", bytes)) == bytes);
    const std::string large(std::size_t{3} << 20U, 'x');
    lease->command("SET", "large", large);
    REQUIRE(text(lease->command("GET", "large")) == large);
}

TEST_CASE("Redis: hiredis' own functions work on a lease") {
    pool_of_one one;
    const auto lease = one.db.checkout();
    const reply answer{static_cast<redisReply*>(redisCommand(lease->get(), "INCRBY %s %d", "a", 5))};
    REQUIRE(answer);
    REQUIRE(answer->integer == 5);
}

TEST_CASE("Redis: a moved-from connection is closed, and its worker replaced") {
    pool_of_one one;
    check_that_a_moved_from_one_is_replaced(one.db, [](connection& c) { c.command("PING"); });
}

TEST_CASE("Redis: a detached connection goes on working on its own") {
    pool_of_one one;
    check_that_a_detached_one_goes_on(one.db, [](connection& c) { c.command("PING"); });
}
