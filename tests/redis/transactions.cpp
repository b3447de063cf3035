// SPDX-License-Identifier: MIT
#include <cstddef>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "redis/support.hpp"

using namespace redis_test;
using Catch::Matchers::ContainsSubstring;
using pooly::redis::reset_mode;
using pooly::redis::retry_policy;

namespace {

const auto watch_a = [](connection& c) {
    c.command("WATCH", "a");
    return number(c.command("INCRBY", "seen", "0"));
};

}  // namespace

TEST_CASE("Redis: a transaction is done as a whole, and returns what its function returned") {
    pool_of_one one;
    const int result = one.db.transaction([&](connection& c) {
        REQUIRE(text(c.command("SET", "a", "1")) == "QUEUED");
        c.command("SET", "b", "2");
        REQUIRE(number(one.outside.command("EXISTS", "a", "b")) == 0);
        return 42;
    });
    REQUIRE(result == 42);
    REQUIRE(number(one.outside.command("EXISTS", "a", "b")) == 2);
}

TEST_CASE("Redis: an exception discards the transaction and arrives unchanged") {
    struct given_up {
        int reason;
    };
    const auto mode = GENERATE(reset_mode::reset_command, reset_mode::piecemeal, reset_mode::nothing);
    pool_of_one one{{.reset = mode}};
    try {
        one.db.transaction([](connection& c) {
            c.command("SET", "a", "1");
            throw given_up{42};
        });
        FAIL("the exception is lost");
    } catch (const given_up& same) {
        REQUIRE(same.reason == 42);
    }
    REQUIRE(number(one.outside.command("EXISTS", "a")) == 0);
    REQUIRE(text(one.db.checkout()->command("PING")) == "PONG");
    REQUIRE(one.db.stats().created == 1);  // the same connection, good again
}

TEST_CASE("Redis: a transaction of which a command was refused is not done, which its commit tells") {
    pool_of_one one;
    const auto failed = failure_in([&] {
        one.db.transaction([](connection& c) {
            c.command("SET", "a", "1");
            try {
                c.command("NONSENSE");
            } catch (const error&) {  // and goes on as if nothing had been
            }
        });
    });
    REQUIRE(failed.what == kind::refused);
    REQUIRE(failed.prefix == "EXECABORT");
    REQUIRE(number(one.outside.command("EXISTS", "a")) == 0);
    REQUIRE(one.db.stats().created == 1);
}

TEST_CASE("Redis: a transaction of which a command fails is done in part, which its commit tells") {
    pool_of_one one;
    const auto failed = failure_in([&] {
        one.db.transaction([](connection& c) {
            c.command("SET", "a", "text");
            c.command("INCR", "a");
        });
    });
    REQUIRE(failed.what == kind::partly_done);
    REQUIRE(failed.prefix == "ERR");
    REQUIRE_THAT(failed.message, ContainsSubstring("not an integer"));
    REQUIRE(text(one.outside.command("GET", "a")) == "text");
}

TEST_CASE("Redis: work that ends or nests the transaction by itself is told so") {
    pool_of_one one;
    const auto ended = failure_in([&] { one.db.transaction([](connection& c) { c.command("DISCARD"); }); });
    REQUIRE(ended.what == kind::refused);
    REQUIRE_THAT(ended.message, ContainsSubstring("EXEC without MULTI"));

    auto lease = one.db.checkout();
    lease->command("MULTI");
    using traits = pooly::worker_traits<connection>;
    REQUIRE_THAT(failure_in([&] { traits::begin(*lease); }).message, ContainsSubstring("can not be nested"));
    REQUIRE_NOTHROW(traits::rollback(*lease));
    REQUIRE_NOTHROW(traits::rollback(*lease));  // where there is none
}

TEST_CASE("Redis: an answer that nobody has read is not taken for that to the beginning of a transaction") {
    pool_of_one one;
    one.outside.command("SET", "a", "OK");
    auto lease = one.db.checkout();
    const auto* const unread = GENERATE("GET a", "NONSENSE");  // as MULTI is answered, or a refused one
    redisAppendCommand(lease->get(), unread);
    int done = 0;
    while (done == 0) REQUIRE(redisBufferWrite(lease->get(), &done) == REDIS_OK);
    const auto failed = failure_in([&] { pooly::worker_traits<connection>::begin(*lease); });
    REQUIRE(failed.what == kind::connection_lost);
    REQUIRE_THAT(failed.message, ContainsSubstring("replies that nobody has read"));
}

TEST_CASE("Redis: a server that refuses the beginning of a transaction is told in its own words") {
    pool_of_one one{{.reset = reset_mode::nothing}};
    const auto failure_to_begin = [&] { return failure_in([&] { one.db.transaction([](connection&) {}); }); };
    failing failed{};
    std::string prefix;
    SECTION("without the right to what is asked first, though with that to MULTI") {
        one.outside.command("ACL", "SETUSER", "mute", "on", ">sesame", "+@all", "-echo");
        one.db.checkout()->command("AUTH", "mute", "sesame");
        failed = failure_to_begin();
        prefix = "NOPERM";
    }
    SECTION("as long as a script is running") {
        const busy_script busy{one.outside};
        failed = failure_to_begin();
        prefix = "BUSY";
    }
    SECTION("to a subscriber") {
        one.db.checkout()->command("SUBSCRIBE", "news");
        failed = failure_to_begin();
        prefix = "ERR";
    }
    REQUIRE(failed.what == kind::refused);
    REQUIRE(failed.prefix == prefix);
    REQUIRE_NOTHROW(one.db.transaction([](connection& c) { c.command("SET", "a", "1"); }));
    REQUIRE(text(one.outside.command("GET", "a")) == "1");
    REQUIRE(one.db.stats().created == 2);  // nobody knows what became of MULTI
}

TEST_CASE("Redis: commands of a transaction may be sent without waiting for what is said to them") {
    pool_of_one one;
    const auto send_two = [](connection& c) {
        redisAppendCommand(c.get(), "SET a 1");
        redisAppendCommand(c.get(), "SET b 2");
        int done = 0;
        while (done == 0) REQUIRE(redisBufferWrite(c.get(), &done) == REDIS_OK);
    };
    REQUIRE_NOTHROW(one.db.transaction(send_two));
    REQUIRE(number(one.outside.command("EXISTS", "a", "b")) == 2);
    REQUIRE_THROWS_AS(one.db.transaction([&](connection& c) {
        send_two(c);
        throw std::logic_error{"half way"};
    }),
                      std::logic_error);
    REQUIRE(one.db.stats().created == 1);
}

TEST_CASE("Redis: a transaction whose watched key was changed is not done, which is an error of its own") {
    pool_of_one one;
    auto lease = one.db.checkout();
    lease->command("WATCH", "a");
    one.outside.command("SET", "a", "1");
    lease->command("MULTI");
    lease->command("SET", "b", "2");
    const auto failed = failure_in([&] { lease->commit(); });
    REQUIRE(failed.what == kind::conflict);
    REQUIRE(failed.prefix.empty());
    REQUIRE(number(one.outside.command("EXISTS", "b")) == 0);
}

TEST_CASE("Redis: a transaction whose watched key was changed is run again, with what is there now") {
    pool_of_one one;
    one.outside.command("SET", "a", "0");
    int attempts = 0;
    std::vector<std::size_t> told;
    const retry_policy policy{
        .backoff_base = 0ns, .backoff_cap = 0ns, .on_retry = [&](const std::exception& failed, auto n) {
            REQUIRE(pooly::redis::is_transient(failed));
            told.push_back(n);
        }};
    const auto done = pooly::redis::transaction(
        one.db,
        [&](connection& c) {
            c.command("WATCH", "a");
            const auto seen = number(c.command("GET", "a"));
            if (++attempts <= 2) one.outside.command("INCR", "a");
            return seen;
        },
        [](connection& c, long long seen) {
            c.command("SET", "a", std::to_string(seen + 10));
            c.command("GET", "a");
        },
        policy);
    REQUIRE(attempts == 3);
    REQUIRE(told == std::vector<std::size_t>{1, 2});
    REQUIRE(done->elements == 2);
    REQUIRE(std::string{done->element[1]->str} == "12");
    REQUIRE(text(one.outside.command("GET", "a")) == "12");
    REQUIRE(one.db.stats().created == 1);
}

TEST_CASE("Redis: several threads that read, compute and write lose no update") {
    auto outside = outsider();
    outside.command("FLUSHALL");
    outside.command("SET", "a", "0");
    db_pool db{factory{server::shared().by_socket()}, {.size = 3, .checkout_timeout = 60s}};
    std::vector<std::thread> workers;
    for (int thread = 0; thread < 4; ++thread)
        workers.emplace_back([&] {
            for (int round = 0; round < 20; ++round)
                pooly::redis::transaction(
                    db,
                    [](connection& c) {
                        c.command("WATCH", "a");
                        return number(c.command("GET", "a"));
                    },
                    [](connection& c, long long seen) { c.command("SET", "a", std::to_string(seen + 1)); },
                    {.max_attempts = 1'000, .backoff_base = 10us, .backoff_cap = 2ms});
        });
    for (auto& worker : workers) worker.join();
    REQUIRE(number(outside.command("GET", "a")) == 80);
}

TEST_CASE("Redis: retries are bounded, and only for what a retry may help") {
    pool_of_one one;
    int attempts = 0;
    const auto run = [&](const auto& spoil, const retry_policy& policy) {
        attempts = 0;
        return failure_in([&] {
            pooly::redis::transaction(
                one.db, watch_a,
                [&](connection& c, long long) {
                    ++attempts;
                    spoil(c);
                },
                1s, policy);
        });
    };
    const auto conflict = [&](connection& c) {
        one.outside.command("INCR", "a");
        c.command("SET", "b", "1");
    };
    REQUIRE(run(conflict, {.max_attempts = 3, .backoff_base = 0ns, .backoff_cap = 0ns}).what == kind::conflict);
    REQUIRE(attempts == 3);
    REQUIRE(run(conflict, {.max_attempts = 1}).what == kind::conflict);
    REQUIRE(attempts == 1);
    const auto nonsense = [](connection& c) { c.command("NONSENSE"); };
    REQUIRE(run(nonsense, {}).prefix == "ERR");
    REQUIRE(attempts == 1);
    REQUIRE(run(nonsense, {.max_attempts = 2, .retries = [](const std::exception&) { return true; }}).prefix == "ERR");
    REQUIRE(attempts == 2);
    REQUIRE_THROWS_WITH(run(nonsense, {.max_attempts = 0}), "pooly: max_attempts must be at least 1 (given 0)");
}

TEST_CASE("Redis: a retried transaction that fails half way leaves neither a watch nor a MULTI") {
    pool_of_one one{{.reset = reset_mode::nothing}};
    const auto throws = [](auto&&...) { throw std::logic_error{"half way"}; };
    REQUIRE_THROWS_AS(pooly::redis::transaction(
                          one.db,
                          [&](connection& c) {
                              c.command("WATCH", "a");
                              throws();
                          },
                          [](connection&) {}),
                      std::logic_error);
    one.outside.command("SET", "a", "1");
    REQUIRE_NOTHROW(one.db.transaction([](connection& c) { c.command("SET", "b", "2"); }));

    REQUIRE_THROWS_AS(pooly::redis::transaction(one.db, watch_a, throws), std::logic_error);
    REQUIRE(text(one.db.checkout()->command("PING")) == "PONG");
    REQUIRE(one.db.stats().created == 1);
}

TEST_CASE("Redis: a retried transaction may read nothing, and one whose connection is lost meanwhile is given up") {
    pool_of_one one;
    const auto write = [](connection& c) { c.command("SET", "b", "2"); };
    pooly::redis::transaction(
        one.db, [](connection& c) { c.command("WATCH", "a"); }, write, 1s);
    REQUIRE(text(one.outside.command("GET", "b")) == "2");
    const auto lose = [&](connection& c) {
        REQUIRE(number(one.outside.command("CLIENT", "KILL", "ID", std::to_string(id_of(c)))) == 1);
        c.command("WATCH", "a");
    };
    REQUIRE(failure_in([&] { pooly::redis::transaction(one.db, lose, write); }).what == kind::connection_lost);
    REQUIRE(one.db.stats().discarded == 1);
    REQUIRE(text(one.db.checkout()->command("PING")) == "PONG");
}
