// SPDX-License-Identifier: MIT
#include <string>

#include "redis/support.hpp"

using namespace redis_test;
using Catch::Matchers::ContainsSubstring;
using pooly::redis::reset_mode;

namespace {

[[nodiscard]] std::string info_of(connection& worker) { return text(worker.command("CLIENT", "INFO")); }

}  // namespace

TEST_CASE("Redis: the next consumer finds no transaction of the last one") {
    const auto mode = GENERATE(reset_mode::reset_command, reset_mode::piecemeal);
    pool_of_one one{{.reset = mode}};
    REQUIRE(one.same_after([](connection& c) {
        c.command("MULTI");
        c.command("SET", "a", "1");
    }));
    REQUIRE(text(one.db.checkout()->command("SET", "b", "2")) == "OK");
    REQUIRE(number(one.outside.command("EXISTS", "a")) == 0);

    REQUIRE(one.same_after([](connection& c) {  // aborted
        c.command("MULTI");
        REQUIRE(failure_in([&] { c.command("NONSENSE"); }).prefix == "ERR");
    }));
    REQUIRE(text(one.db.checkout()->command("PING")) == "PONG");
}

TEST_CASE("Redis: the next consumer's transaction does not depend on what the last one watched") {
    const auto mode = GENERATE(reset_mode::reset_command, reset_mode::piecemeal);
    pool_of_one one{{.reset = mode}};
    REQUIRE(one.same_after([](connection& c) { c.command("WATCH", "a"); }));
    one.outside.command("SET", "a", "1");
    REQUIRE_NOTHROW(one.db.transaction([](connection& c) { c.command("SET", "b", "2"); }));
    REQUIRE(text(one.outside.command("GET", "b")) == "2");
}

TEST_CASE("Redis: the next consumer is no subscriber, and is told nothing that was for the last one") {
    const auto mode = GENERATE(reset_mode::reset_command, reset_mode::piecemeal);
    pool_of_one one{{.reset = mode}};
    SECTION("of channels and patterns, with messages that nobody read") {
        REQUIRE(one.same_after([&](connection& c) {
            c.command("SUBSCRIBE", "news");
            c.command("PSUBSCRIBE", "n*");
            REQUIRE(number(one.outside.command("PUBLISH", "news", "old")) == 2);
        }));
    }
    SECTION("of many at once, whose confirmations nobody read") {
        REQUIRE(one.same_after([](connection& c) {
            c.command("SUBSCRIBE", "one", "two", "three");  // returns the first of three
        }));
    }
    REQUIRE(number(one.outside.command("PUBLISH", "news", "new")) == 0);
    REQUIRE(text(one.db.checkout()->command("PING")) == "PONG");
}

TEST_CASE("Redis: the next consumer finds the database and the name of the options") {
    const auto mode = GENERATE(reset_mode::reset_command, reset_mode::piecemeal);
    const auto database = GENERATE(0, 3);
    const auto* const name = GENERATE("", "orders");
    pool_of_one one{{.database = database, .client_name = name, .reset = mode}};
    REQUIRE_THAT(info_of(*one.db.checkout()), ContainsSubstring(" db=" + std::to_string(database)));
    REQUIRE(one.same_after([](connection& c) {
        c.command("SELECT", "7");
        c.command("CLIENT", "SETNAME", "other");
    }));
    const auto info = info_of(*one.db.checkout());
    REQUIRE_THAT(info, ContainsSubstring(" db=" + std::to_string(database)));
    REQUIRE_THAT(info, ContainsSubstring(std::string{" name="} + name + ' '));
}

TEST_CASE("Redis: what a client may have set of its own is as before") {
    pool_of_one one;
    REQUIRE(one.same_after(
        [&](connection& c) { c.command("CLIENT", "TRACKING", "ON", "REDIRECT", std::to_string(id_of(one.outside))); }));
    const auto info = info_of(*one.db.checkout());
    REQUIRE_THAT(info, ContainsSubstring(" flags=U "));  // nothing but that it came by a Unix socket
    REQUIRE_THAT(info, ContainsSubstring(" resp=2"));
}

TEST_CASE("Redis: a consumer who had answers switched off leaves a connection that answers") {
    pool_of_one one;
    REQUIRE(one.same_after([](connection& c) {
        REQUIRE(redisAppendCommand(c.get(), "CLIENT REPLY OFF") == REDIS_OK);
        int done = 0;
        while (done == 0) REQUIRE(redisBufferWrite(c.get(), &done) == REDIS_OK);
    }));
}

TEST_CASE("Redis: after a reset the connection is the user of the options again") {
    pool_of_one one;
    db_pool db{factory{server::shared().by_socket({.username = "guest", .password = "sesame"})}, as_one({})};
    const auto before = id_of(*db.checkout());
    REQUIRE(failure_in([&] { db.checkout()->command("GET", "a"); }).prefix == "NOPERM");
    REQUIRE(id_of(*db.checkout()) == before);

    REQUIRE(one.same_after([](connection& c) {
        const auto guest = [&] { c.command("GET", "a"); };
        c.command("AUTH", "guest", "sesame");
        REQUIRE(failure_in(guest).prefix == "NOPERM");
    }));
    REQUIRE_NOTHROW(one.db.checkout()->command("GET", "a"));
}

TEST_CASE("Redis: hiredis' time-out is that of the options again") {
    pool_of_one one;
    const auto limit = [](const connection& c) {
        timeval value{};
        socklen_t length = sizeof value;
        REQUIRE(::getsockopt(c.get()->fd, SOL_SOCKET, SO_RCVTIMEO, &value, &length) == 0);
        return value.tv_sec;
    };
    REQUIRE(limit(*one.db.checkout()) == 5);
    REQUIRE(one.same_after([](connection& c) { redisSetTimeout(c.get(), {77, 0}); }));
    REQUIRE(limit(*one.db.checkout()) == 5);
}

TEST_CASE("Redis: a connection in the middle of something is replaced") {
    const auto mode = GENERATE(reset_mode::reset_command, reset_mode::piecemeal, reset_mode::nothing);
    pool_of_one one{{.reset = mode}};
    SECTION("a command that was not sent") {
        REQUIRE(!one.same_after([](connection& c) { redisAppendCommand(c.get(), "SET a 1"); }));
        REQUIRE(number(one.outside.command("EXISTS", "a")) == 0);
    }
    SECTION("a reply that came and was not read") {
        REQUIRE(!one.same_after([](connection& c) {
            redisAppendCommand(c.get(), "SET a 1");
            redisAppendCommand(c.get(), "GET a");
            void* first = nullptr;
            REQUIRE(redisGetReply(c.get(), &first) == REDIS_OK);
            freeReplyObject(first);
            // Whether the second is here already is up to the system: wait for it.
            char next = 0;
            if (c.get()->reader->pos == c.get()->reader->len) (void)::recv(c.get()->fd, &next, 1, MSG_PEEK);
        }));
    }
    SECTION("one of several parts, as a message has them") {
        REQUIRE(!one.same_after([](connection& c) {
            c.command("RPUSH", "a", "1", "2", "3");
            redisAppendCommand(c.get(), "LRANGE a 0 -1");
            int done = 0;
            while (done == 0) REQUIRE(redisBufferWrite(c.get(), &done) == REDIS_OK);
            char next = 0;
            (void)::recv(c.get()->fd, &next, 1, MSG_PEEK);
        }));
    }
    SECTION("one of which a part is read") {
        REQUIRE(!one.same_after([](connection& c) {
            c.command("SET", "a", std::string(100'000, 'x'));
            redisAppendCommand(c.get(), "GET a");
            int done = 0;
            while (done == 0) REQUIRE(redisBufferWrite(c.get(), &done) == REDIS_OK);
            REQUIRE(redisBufferRead(c.get()) == REDIS_OK);
        }));
    }
    SECTION("a MONITOR") {
        REQUIRE(!one.same_after([&](connection& c) {
            c.command("MONITOR");
            one.outside.command("PING");
            char next = 0;
            (void)::recv(c.get()->fd, &next, 1, MSG_PEEK);
        }));
    }
    REQUIRE(one.db.stats().reset_failures == 1);
    REQUIRE(text(one.db.checkout()->command("PING")) == "PONG");
}

TEST_CASE("Redis: a connection that comes back while a script is running is replaced") {
    const auto mode = GENERATE(reset_mode::reset_command, reset_mode::piecemeal);
    pool_of_one one{{.reset = mode}};
    auto lease = one.db.checkout();
    const auto before = id_of(*lease);
    {
        const busy_script busy{one.outside};
        lease.checkin();
    }
    REQUIRE(one.db.stats().reset_failures == 1);
    REQUIRE(id_of(*one.db.checkout()) != before);
}

TEST_CASE("Redis: a reply that is still on its way is not the next consumer's") {
    const auto mode = GENERATE(reset_mode::reset_command, reset_mode::piecemeal);
    pool_of_one one{{.reset = mode}};
    one.outside.command("SET", "a", "OK");
    // The server stands still until all is sent: nothing can be seen of the reply when the connection comes back.
    auto lease = one.db.checkout();
    one.outside.command("CLIENT", "PAUSE", "50", "ALL");
    REQUIRE(redisAppendCommand(lease->get(), "GET a") == REDIS_OK);
    int done = 0;
    while (done == 0) REQUIRE(redisBufferWrite(lease->get(), &done) == REDIS_OK);
    lease.checkin();
    REQUIRE(one.db.stats().reset_failures == 1);
    REQUIRE(text(one.db.checkout()->command("PING")) == "PONG");
}

TEST_CASE("Redis: where nothing is to be cleaned nothing is sent") {
    pool_of_one one{{.reset = reset_mode::nothing}};
    const auto calls = [&] { return text(one.outside.command("INFO", "commandstats")); };
    one.outside.command("CONFIG", "RESETSTAT");
    one.db.checkout()->command("GET", "a");
    one.db.checkout()->command("GET", "a");
    REQUIRE_THAT(calls(), !ContainsSubstring("cmdstat_reset") && !ContainsSubstring("cmdstat_echo"));
    REQUIRE_THAT(calls(), ContainsSubstring("cmdstat_get:calls=2"));
    REQUIRE_THROWS_AS(one.db.transaction([](connection&) { throw std::logic_error{"half way"}; }), std::logic_error);
    REQUIRE(text(one.db.checkout()->command("PING")) == "PONG");  // and not QUEUED
}
