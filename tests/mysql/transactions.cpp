// SPDX-License-Identifier: MIT
#include <barrier>
#include <exception>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "mysql/support.hpp"

using namespace mysql_test;
using Catch::Matchers::ContainsSubstring;
using pooly::mysql::access_mode;
using pooly::mysql::isolation_level;
using pooly::mysql::reset_mode;
using pooly::mysql::retry_policy;

TEST_CASE("MariaDB: a transaction is committed, and returns what its function returned") {
    pool_of_one one;
    const int seen = one.db.transaction([](connection& c) {
        c.execute("insert into t values (1, 1)");
        return number(c, "select count(*) from t");
    });
    REQUIRE(seen == 1);
    REQUIRE(one.rows() == 1);
}

TEST_CASE("MariaDB: an exception rolls the transaction back and arrives unchanged") {
    struct given_up {
        int reason;
    };
    const auto mode = GENERATE(reset_mode::reset_connection, reset_mode::rollback_only);
    pool_of_one one{{.reset = mode}};
    try {
        one.db.transaction([](connection& c) {
            c.execute("insert into t values (1, 1)");
            throw given_up{42};
        });
        FAIL("the exception is lost");
    } catch (const given_up& same) {
        REQUIRE(same.reason == 42);
    }
    REQUIRE(one.rows() == 0);
    const auto failed = failure_in([&] {
        one.db.transaction([](connection& c) {
            c.execute("insert into t values (1, 1)");
            c.execute("select nonsense");
        });
    });
    REQUIRE(failed.code == 1054);
    REQUIRE(one.rows() == 0);
    REQUIRE(one.db.stats().created == 1);  // the same connection, rolled back and good again
}

TEST_CASE("MariaDB: a commit in which nothing is left to commit is an error") {
    pool_of_one one;
    SECTION("since a statement committed by itself") {
        const auto failed = failure_in([&] {
            one.db.transaction([](connection& c) {
                c.execute("insert into t values (1, 1)");
                c.execute("create or replace table elsewhere(a int)");
            });
        });
        REQUIRE(failed.code == 0);
        REQUIRE(failed.state == "25000");
        REQUIRE_THAT(failed.message, ContainsSubstring("no transaction is open"));
    }
    SECTION("since the work ended it") {
        REQUIRE(failure_in([&] { one.db.transaction([](connection& c) { c.execute("rollback"); }); }).state == "25000");
    }
    REQUIRE(one.db.stats().created == 1);
}

TEST_CASE("MariaDB: the answer to a statement that nobody waited for is not taken for that to the commit") {
    pool_of_one one;
    const auto failed = failure_in([&] {
        one.db.transaction(
            [](connection& c) { REQUIRE(mysql_send_query(c.get(), "insert into t values (1, 1)", 27) == 0); });
    });
    REQUIRE(failed.state == "08006");
    REQUIRE_THAT(failed.message, ContainsSubstring("an answer that nobody has read"));
    one.outside.execute("lock tables t write");  // waits until the server has noticed
    one.outside.execute("unlock tables");
    REQUIRE(one.rows() == 0);
    REQUIRE(one.db.stats().destroyed == 1);
}

namespace {

/// Sends both, and reads the answer to the first: what nothing on this side tells of is that the other takes its time.
void send_two_and_read_one(const connection& c, const std::string& second) {
    REQUIRE(mysql_send_query(c.get(), "do 1", 4) == 0);
    REQUIRE(mysql_send_query(c.get(), second.data(), second.size()) == 0);
    REQUIRE(mysql_read_query_result(c.get()) == 0);
}

}  // namespace

TEST_CASE("MariaDB: the answer to the second of two statements sent together is not taken for that to the commit") {
    const std::string second = GENERATE("do sleep(0.05)", "select sleep(0.05)", "select sleep(0.05), row(1, 2)");
    pool_of_one one;
    const auto failed = failure_in([&] {
        one.db.transaction([&](connection& c) {
            c.execute("insert into t values (1, 1)");
            send_two_and_read_one(c, second);
        });
    });
    INFO(failed.message);
    REQUIRE(failed.state == (second.find("row") == second.npos ? "08006" : "21000"));  // that one's own error
    REQUIRE(one.db.stats().destroyed == 1);
}

TEST_CASE("MariaDB: where the server says no to a commit its error is told") {
    pool_of_one one;
    const auto failed = failure_in([&] {
        one.db.transaction([](connection& c) {
            c.execute("rollback");
            c.execute("xa start 'mine'");
        });
    });
    REQUIRE(failed.code == 1399);
    REQUIRE(failed.state == "XAE07");
}

TEST_CASE("MariaDB: a transaction ends and another does not begin, nor the session end, whatever the work has set") {
    const auto mode = GENERATE(reset_mode::reset_connection, reset_mode::rollback_only);
    const std::string type = GENERATE("1", "2");
    pool_of_one one{{.reset = mode}};
    one.db.transaction([&](connection& c) {
        c.execute("set completion_type = " + type);
        c.execute("insert into t values (1, 1)");
    });
    REQUIRE(one.rows() == 1);
    REQUIRE(number(*one.db.checkout(), "select @@in_transaction") == 0);
    const auto give_up = [&](connection& c) {
        c.execute("set completion_type = " + type);
        c.execute("insert into t values (2, 2)");
        throw std::logic_error{"half way"};
    };
    REQUIRE_THROWS_AS(one.db.transaction(give_up), std::logic_error);
    REQUIRE(number(*one.db.checkout(), "select @@in_transaction") == 0);
    REQUIRE(one.rows() == 1);
    REQUIRE(one.db.stats().created == 1);
}

TEST_CASE("MariaDB: a commit is told whatever the work has set for its results") {
    const std::string set =
        GENERATE("sql_select_limit = 0", "character_set_results = utf16", "sql_mode = 'ANSI,ORACLE'");
    pool_of_one one;
    REQUIRE_NOTHROW(one.db.transaction([&](connection& c) {
        c.execute("insert into t values (1, 1)");
        c.execute("set " + set);
        REQUIRE(failure_in([&] { c.execute("insert into t values (1, 1)"); }).code == 1062);
    }));
    REQUIRE(one.rows() == 1);
    REQUIRE(one.same_after([&](connection& c) { c.execute("set " + set); }));
}

TEST_CASE("MariaDB: a commit after an error that left the transaction open is done") {
    pool_of_one one;
    one.db.transaction([](connection& c) {
        c.execute("insert into t values (1, 1)");
        REQUIRE(failure_in([&] { c.execute("insert into t values (1, 1)"); }).code == 1062);
    });
    REQUIRE(one.rows() == 1);
}

TEST_CASE("MariaDB: of work that chains transactions the commit tells of the last one alone") {
    pool_of_one one;
    REQUIRE_NOTHROW(one.db.transaction([](connection& c) {
        c.execute("insert into t values (1, 1)");
        c.execute("rollback and chain");
        c.execute("insert into t values (2, 2)");
    }));
    REQUIRE(text(one.outside, "select sum(a) from t") == "2");
    REQUIRE_THROWS_AS(one.db.transaction([](connection& c) {
        c.execute("insert into t values (3, 3)");
        c.execute("commit and chain");
        c.execute("insert into t values (4, 4)");
        throw std::logic_error{"half way"};
    }),
                      std::logic_error);
    REQUIRE(text(one.outside, "select sum(a) from t") == "5");
    REQUIRE(one.db.stats().created == 1);
}

TEST_CASE("MariaDB: a transaction within another one is an error, where the server would commit the first") {
    pool_of_one one;
    auto lease = one.db.checkout();
    lease->execute("start transaction");
    lease->execute("insert into t values (1, 1)");
    using traits = pooly::worker_traits<connection>;
    REQUIRE(failure_in([&] { traits::begin(*lease); }).state == "25001");
    REQUIRE(one.rows() == 0);
    REQUIRE_NOTHROW(traits::rollback(*lease));
    REQUIRE_NOTHROW(traits::rollback(*lease));  // where there is none
}

TEST_CASE("MariaDB: transactions have the isolation level and access mode of the options, and only they") {
    // What another one has committed meanwhile is seen, or not.
    const auto sees_what_is_new = [](isolation_level wanted) {
        pool_of_one one{{.isolation = wanted}};
        const int seen = one.db.transaction([&](connection& c) {
            REQUIRE(number(c, "select count(*) from t") == 0);
            one.outside.execute("insert into t values (1, 1)");
            return number(c, "select count(*) from t");
        });
        REQUIRE(text(*one.db.checkout(), "select @@tx_isolation") == "REPEATABLE-READ");
        return seen == 1;
    };
    REQUIRE(!sees_what_is_new(isolation_level::server_default));
    REQUIRE(!sees_what_is_new(isolation_level::repeatable_read));
    REQUIRE(sees_what_is_new(isolation_level::read_committed));
    REQUIRE(sees_what_is_new(isolation_level::read_uncommitted));
    {
        pool_of_one one{{.isolation = isolation_level::serializable}};
        one.outside.execute("insert into t values (1, 1)");
        one.outside.execute("set session innodb_lock_wait_timeout = 0");
        auto open = one.db.begin();
        open->execute("select * from t");  // which takes locks
        REQUIRE(failure_in([&] { one.outside.execute("update t set b = 2"); }).code == 1205);
    }
    const auto write = [](const options& how) {
        pool_of_one one{how};
        return failure_in([&] { one.db.transaction([](connection& c) { c.execute("insert into t values (1, 1)"); }); })
            .code;
    };
    REQUIRE(write({.access = access_mode::read_only}) == 1792);
    REQUIRE(write({.access = access_mode::read_write}) == 0);
}

namespace {

/// Two consumers whose first attempts meet in the middle, and can not both go on. Returns by which errors attempts
/// failed.
template <class Transaction>
[[nodiscard]] std::vector<unsigned> two_in_conflict(const Transaction& transaction) {
    std::vector<unsigned> retried;
    std::mutex guard;
    std::barrier first_attempts{2};
    const retry_policy policy{.on_retry = [&](const std::exception& failure, std::size_t) {
        const std::lock_guard lock{guard};
        retried.push_back(dynamic_cast<const error&>(failure).code());
    }};
    std::vector<std::thread> both;
    for (const int which : {1, 2})
        both.emplace_back([&, which] {
            bool first = true;
            transaction(policy, [&, which](connection& c) {
                const auto update = [&](int row) {
                    c.execute("update t set b = b + 1 where a = " + std::to_string(row));
                };
                update(which);
                if (std::exchange(first, false)) first_attempts.arrive_and_wait();
                update(3 - which);
            });
        });
    for (auto& each : both) each.join();
    return retried;
}

}  // namespace

TEST_CASE("MariaDB: a transaction that fails by a deadlock is run again") {
    pool_of_one beside;
    beside.outside.execute("insert into t values (1, 0), (2, 0)");
    db_pool db{factory{server::shared().by_socket()}, {.size = 2}};
    const auto retried = two_in_conflict(
        [&](const retry_policy& policy, const auto& work) { pooly::mysql::transaction(db, work, policy); });
    REQUIRE(retried == std::vector<unsigned>{1213});
    REQUIRE(number(beside.outside, "select sum(b) from t") == 4);
    REQUIRE(db.stats().created == 2);
}

TEST_CASE("MariaDB: a transaction that was rolled back by a deadlock which its work ignored is not committed in part") {
    pool_of_one beside;
    beside.outside.execute("insert into t values (1, 0), (2, 0), (3, 0)");
    db_pool db{factory{server::shared().by_socket()}, {.size = 2}};
    const std::function<void(connection&)> goes_on = GENERATE(
        as<void (*)(connection&)>{}, [](connection&) {},
        [](connection& c) { (void)number(c, "select count(*) from t"); }, [](connection& c) { mysql_ping(c.get()); },
        [](connection& c) { mysql_select_db(c.get(), "app"); }, [](connection& c) { (void)mysql_stat(c.get()); });
    std::barrier meet{2};
    std::vector<failing> seen(2);
    std::vector<std::thread> both;
    for (const int which : {1, 2})
        both.emplace_back([&, which] {
            seen[static_cast<std::size_t>(which - 1)] = failure_in([&] {
                db.transaction([&](connection& c) {
                    const auto update = [&](int row) {
                        c.execute("update t set b = b + 1 where a = " + std::to_string(row));
                    };
                    update(which);
                    meet.arrive_and_wait();
                    try {
                        update(3 - which);
                    } catch (const error& deadlock) {
                        if (deadlock.code() != 1213) throw;
                        goes_on(c);
                    }
                });
            });
        });
    for (auto& each : both) each.join();
    const bool first_failed = seen[0].state == "25000";
    REQUIRE(seen[first_failed ? 0 : 1].state == "25000");
    REQUIRE(seen[first_failed ? 1 : 0].state == "none");
    REQUIRE(number(beside.outside, "select sum(b) from t") == 2);
}

TEST_CASE(
    "MariaDB: a transaction sends its beginning, its work, its end, and a question where the reset asks one, too") {
    using traits = pooly::worker_traits<connection>;
    const auto mode = GENERATE(reset_mode::reset_connection, reset_mode::rollback_only);
    pool_of_one one{{.reset = mode}};
    auto lease = one.db.checkout();
    const auto questions = [&] {
        return number(*lease,
                      "select variable_value from information_schema.session_status where variable_name = 'questions'");
    };
    const int before = questions();
    traits::begin(*lease);
    lease->execute("insert into t values (1, 0)");
    traits::commit(*lease);
    const int sent = mode == reset_mode::reset_connection ? 4 : 3;
    REQUIRE(questions() == before + sent + 1);
}

TEST_CASE("MariaDB: a transaction that waited too long for a lock is run again") {
    pool_of_one one{{.setup = "set session innodb_lock_wait_timeout = 0"}};
    one.outside.execute("insert into t values (1, 0)");
    one.outside.execute("start transaction");
    one.outside.execute("update t set b = 1");
    std::vector<unsigned> retried;
    pooly::mysql::transaction(one.db, [](connection& c) { c.execute("update t set b = b + 10"); },
                              {.on_retry = [&](const std::exception& failure, std::size_t) {
                                  retried.push_back(dynamic_cast<const error&>(failure).code());
                                  one.outside.execute("commit");
                              }});
    REQUIRE(retried == std::vector<unsigned>{1205});
    REQUIRE(number(one.outside, "select b from t") == 11);
}

TEST_CASE("MariaDB: retries are bounded, and only for what a retry may help") {
    pool_of_one one;
    int attempts = 0;
    const auto run = [&](int code, const retry_policy& policy) {
        attempts = 0;
        return failure_in([&] {
                   pooly::mysql::transaction(
                       one.db,
                       [&](connection& c) {
                           ++attempts;
                           c.execute("signal sqlstate '45000' set mysql_errno = " + std::to_string(code));
                       },
                       1s, policy);
               })
            .code;
    };
    REQUIRE(run(1213, {.max_attempts = 3, .backoff_base = 0ns, .backoff_cap = 0ns}) == 1213);
    REQUIRE(attempts == 3);
    REQUIRE(run(1205, {.max_attempts = 1}) == 1205);
    REQUIRE(attempts == 1);
    REQUIRE(run(1020, {.max_attempts = 2, .backoff_base = 0ns, .backoff_cap = 0ns}) == 1020);
    REQUIRE(attempts == 2);
    REQUIRE(run(1062, {}) == 1062);
    REQUIRE(attempts == 1);
    REQUIRE(run(1062, {.max_attempts = 2, .retries = [](const std::exception&) { return true; }}) == 1062);
    REQUIRE(attempts == 2);
    REQUIRE(pooly::mysql::transaction(one.db, [](connection& c) { return number(c, "select 7"); }) == 7);
    REQUIRE(pooly::mysql::transaction(
                one.db, [](connection& c) { return number(c, "select 8"); }, 1s) == 8);
    REQUIRE_THROWS_WITH(run(1062, {.max_attempts = 0}), "pooly: max_attempts must be at least 1 (given 0)");
}
