// SPDX-License-Identifier: MIT
#include <barrier>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "postgres/support.hpp"

using namespace postgres_test;
using Catch::Matchers::ContainsSubstring;
using pooly::postgres::access_mode;
using pooly::postgres::isolation_level;
using pooly::postgres::retry_policy;

TEST_CASE("PostgreSQL: a transaction is committed, and returns what its function returned") {
    pool_of_one one;
    const int seen = one.db.transaction([](connection& c) {
        c.execute("insert into t values (1)");
        return number(c, "select count(*) from t");
    });
    REQUIRE(seen == 1);
    REQUIRE(one.rows() == 1);
}

TEST_CASE("PostgreSQL: an exception rolls the transaction back and arrives unchanged") {
    struct given_up {
        int reason;
    };
    pool_of_one one;
    try {
        one.db.transaction([](connection& c) {
            c.execute("insert into t values (1)");
            throw given_up{42};
        });
        FAIL("the exception is lost");
    } catch (const given_up& same) {
        REQUIRE(same.reason == 42);
    }
    REQUIRE(one.rows() == 0);
    REQUIRE(one.db.stats().created == 1);  // the same connection, rolled back and good again

    const auto failed = failure_in([&] { one.db.transaction([](connection& c) { c.execute("select nonsense"); }); });
    REQUIRE(failed.state == "42703");
    REQUIRE(one.db.stats().created == 1);
}

TEST_CASE("PostgreSQL: a statement of which only the end was not read is over") {
    pool_of_one one;
    one.db.transaction([](connection& c) {
        using pooly::postgres::detail::result_owner;
        const result_owner ready{PQexec(c.get(), "copy t from stdin")};
        REQUIRE(PQresultStatus(ready.get()) == PGRES_COPY_IN);
        REQUIRE(PQputCopyData(c.get(), "7\n", 2) == 1);
        REQUIRE(PQputCopyEnd(c.get(), nullptr) == 1);
        const result_owner done{PQgetResult(c.get())};
        REQUIRE(PQresultStatus(done.get()) == PGRES_COMMAND_OK);
    });
    REQUIRE(one.rows() == 1);
    REQUIRE(one.db.stats().created == 1);
}

TEST_CASE("PostgreSQL: an exception in the middle of a result rolls back by ending the connection") {
    pool_of_one one;
    REQUIRE_THROWS_AS(one.db.transaction([](connection& c) {
        c.execute("insert into t values (1)");
        REQUIRE(PQsendQuery(c.get(), "select generate_series(1, 100000)") == 1);
        throw std::runtime_error{"half way"};
    }),
                      std::runtime_error);
    REQUIRE(one.db.stats().destroyed == 1);
    one.outside.execute("begin; lock table t; rollback");  // waits until the server has noticed
    REQUIRE(one.rows() == 0);
    REQUIRE_NOTHROW(one.db.transaction([](connection& c) { c.execute("insert into t values (2)"); }));
}

TEST_CASE("PostgreSQL: a commit that the server answers by a rollback is an error") {
    pool_of_one one;
    const auto failed = failure_in([&] {
        one.db.transaction([](connection& c) {
            c.execute("insert into t values (1)");
            try {
                c.execute("select nonsense");
            } catch (const error&) {  // and goes on as if nothing had been
            }
        });
    });
    REQUIRE(failed.state == "25P02");
    REQUIRE_THAT(failed.message, ContainsSubstring("rolled back instead of committed"));
    REQUIRE(one.rows() == 0);
    REQUIRE(one.db.stats().created == 1);
}

TEST_CASE("PostgreSQL: a commit that a deferred constraint refuses is told in the server's words") {
    pool_of_one one;
    one.outside.execute("alter table t add constraint u unique (a) deferrable initially deferred");
    const auto failed =
        failure_in([&] { one.db.transaction([](connection& c) { c.execute("insert into t values (1), (1)"); }); });
    REQUIRE(failed.state == "23505");
    REQUIRE(one.rows() == 0);
    REQUIRE(PQtransactionStatus(one.db.checkout()->get()) == PQTRANS_IDLE);
}

TEST_CASE("PostgreSQL: work that ends or nests the transaction by itself is told so") {
    pool_of_one one;
    const auto ended = failure_in([&] { one.db.transaction([](connection& c) { c.execute("rollback"); }); });
    REQUIRE(ended.state == "25P01");

    auto lease = one.db.checkout();
    lease->execute("begin");
    using traits = pooly::worker_traits<connection>;
    REQUIRE(failure_in([&] { traits::begin(*lease); }).state == "25001");
}

TEST_CASE("PostgreSQL: of work that chains transactions the commit tells of the last one alone") {
    pool_of_one one;
    REQUIRE_NOTHROW(one.db.transaction([](connection& c) {
        c.execute("insert into t values (1)");
        c.execute("rollback and chain");
        c.execute("insert into t values (2)");
    }));
    REQUIRE(text(one.outside, "select sum(a) from t") == "2");
    REQUIRE_THROWS_AS(one.db.transaction([](connection& c) {
        c.execute("insert into t values (3)");
        c.execute("commit and chain");
        c.execute("insert into t values (4)");
        throw std::logic_error{"half way"};
    }),
                      std::logic_error);
    REQUIRE(text(one.outside, "select sum(a) from t") == "5");
    REQUIRE(one.db.stats().created == 1);
}

TEST_CASE("PostgreSQL: transactions have the isolation level and access mode of the options") {
    const auto seen = [](const options& how, const std::string& setting) {
        pool_of_one one{how};
        return one.db.transaction([&](connection& c) { return text(c, "show " + setting); });
    };
    const std::string isolation = "transaction_isolation";
    REQUIRE(seen({}, isolation) == "read committed");
    REQUIRE(seen({.isolation = isolation_level::read_committed}, isolation) == "read committed");
    REQUIRE(seen({.isolation = isolation_level::repeatable_read}, isolation) == "repeatable read");
    REQUIRE(seen({.isolation = isolation_level::serializable}, isolation) == "serializable");
    REQUIRE(seen({.access = access_mode::read_write}, "transaction_read_only") == "off");
    const options snapshot{
        .isolation = isolation_level::serializable, .access = access_mode::read_only, .deferrable = true};
    REQUIRE(seen(snapshot, "transaction_deferrable") == "on");

    pool_of_one one{{.access = access_mode::read_only}};
    const auto failed =
        failure_in([&] { one.db.transaction([](connection& c) { c.execute("insert into t values (1)"); }); });
    REQUIRE(failed.state == "25006");
}

namespace {

/// Two consumers whose first attempts meet in the middle, and can not both go on.
struct two_in_conflict {
    explicit two_in_conflict(isolation_level isolation)
        : outside{outsider()},
          db{factory{server::shared().connection_string(), {.isolation = isolation}}, {.size = 2}} {
        outside.execute("set client_min_messages = error; drop table if exists t; create table t(a int, b int)");
        outside.execute("insert into t values (1, 0), (2, 0)");
    }

    /// Runs `work(connection, which, meet)` as both; returns by which SQLSTATEs attempts failed.
    template <class Work>
    std::vector<std::string> run(const Work& work) {
        std::vector<std::string> retried;
        std::mutex guard;
        std::barrier first_attempts{2};
        const retry_policy policy{.on_retry = [&](const std::exception& failure, std::size_t) {
            const std::lock_guard lock{guard};
            retried.emplace_back(dynamic_cast<const error&>(failure).sqlstate());
        }};
        std::vector<std::thread> both;
        for (const int which : {1, 2})
            both.emplace_back([&, which] {
                bool first = true;
                const auto meet = [&] {
                    if (std::exchange(first, false)) first_attempts.arrive_and_wait();
                };
                pooly::postgres::transaction(
                    db, [&](connection& c) { work(c, which, meet); }, policy);
            });
        for (auto& each : both) each.join();
        return retried;
    }

    connection outside;
    db_pool db;
};

}  // namespace

TEST_CASE("PostgreSQL: a transaction that fails by a serialization failure is run again") {
    two_in_conflict two{isolation_level::repeatable_read};
    const auto retried = two.run([](connection& c, int, const auto& meet) {
        const int before = number(c, "select b from t where a = 1");
        meet();
        c.execute("update t set b = " + std::to_string(before + 1) + " where a = 1");
    });
    REQUIRE(retried == std::vector<std::string>{"40001"});
    REQUIRE(number(two.outside, "select b from t where a = 1") == 2);
    REQUIRE(two.db.stats().created == 2);
}

TEST_CASE("PostgreSQL: a transaction that only its commit finds unserializable is run again") {
    two_in_conflict two{isolation_level::serializable};
    const auto retried = two.run([](connection& c, int which, const auto& meet) {  // write skew
        const int sum = number(c, "select sum(b) from t");
        meet();
        c.execute("update t set b = " + std::to_string(sum + 1) + " where a = " + std::to_string(which));
    });
    REQUIRE(!retried.empty());
    for (const auto& state : retried) REQUIRE(state == "40001");
    REQUIRE(number(two.outside, "select sum(b) from t") == 3);
}

TEST_CASE("PostgreSQL: a transaction that fails by a deadlock is run again") {
    two_in_conflict two{isolation_level::read_committed};
    const auto retried = two.run([](connection& c, int which, const auto& meet) {
        const auto update = [&](int row) { c.execute("update t set b = b + 1 where a = " + std::to_string(row)); };
        update(which);
        meet();
        update(3 - which);
    });
    REQUIRE(retried == std::vector<std::string>{"40P01"});
    REQUIRE(number(two.outside, "select sum(b) from t") == 4);
}

TEST_CASE("PostgreSQL: retries are bounded, and only for what a retry may help") {
    pool_of_one one;
    int attempts = 0;
    const auto run = [&](const std::string& state, const retry_policy& policy) {
        attempts = 0;
        return failure_in([&] {
                   pooly::postgres::transaction(
                       one.db,
                       [&](connection& c) {
                           ++attempts;
                           c.execute("do $$ begin raise exception using errcode = '" + state + "'; end $$");
                       },
                       1s, policy);
               })
            .state;
    };
    REQUIRE(run("40001", {.max_attempts = 3, .backoff_base = 0ns, .backoff_cap = 0ns}) == "40001");
    REQUIRE(attempts == 3);
    REQUIRE(run("40P01", {.max_attempts = 1}) == "40P01");
    REQUIRE(attempts == 1);
    REQUIRE(run("23505", {}) == "23505");
    REQUIRE(attempts == 1);
    REQUIRE(run("23505", {.max_attempts = 2, .retries = [](const std::exception&) { return true; }}) == "23505");
    REQUIRE(attempts == 2);

    REQUIRE(pooly::postgres::transaction(one.db, [](connection& c) { return number(c, "select 7"); }) == 7);
    REQUIRE(pooly::postgres::transaction(
                one.db, [](connection& c) { return number(c, "select 8"); }, 1s) == 8);
    REQUIRE_THROWS_WITH(pooly::postgres::transaction(one.db, [](connection&) {}, {.max_attempts = 0}),
                        "pooly: max_attempts must be at least 1 (given 0)");
}
