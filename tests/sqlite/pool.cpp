// SPDX-License-Identifier: MIT
#include <pooly/pooly.hpp>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "sqlite/support.hpp"

using namespace sqlite_test;
using namespace std::chrono_literals;
using pooly::sqlite::factory;
using pooly::sqlite::open;
using pooly::sqlite::options;

static_assert(std::is_same_v<decltype(pooly::pool{factory{"app.db"}}), pooly::pool<pooly::sqlite::connection>>);
static_assert(
    std::is_same_v<decltype(pooly::pool{factory<SQLite::Database>{"app.db", {.busy_timeout = 2s}}, {.size = 1}}),
                   pooly::pool<SQLite::Database>>);

namespace {

/// A pool of one connection to a database with a table of one row, so that the next consumer gets the worker that the
/// last one left behind; and a connection outside of it.
template <class Worker>
struct pool_of_one {
    explicit pool_of_one(const options& how = {})
        : path{directory.file("a.db")},
          outside{open<Worker>(path, how)},
          db{factory<Worker>{path, how}, {.name = "db", .size = 1}} {
        execute(outside, "create table t(a); insert into t values(1)");
    }

    [[nodiscard]] int rows() { return number(outside, "select count(*) from t"); }

    temporary_directory directory;
    std::string path;
    Worker outside;
    pooly::pool<Worker> db;
};

}  // namespace

TEMPLATE_TEST_CASE("the next consumer finds no transaction of the last one", "", POOLY_BOTH_WORKERS) {
    pool_of_one<TestType> one;
    std::uint64_t dirty = 0;
    {
        auto lease = one.db.checkout();
        execute(*lease, "begin immediate; insert into t values(2)");
        dirty = lease.info().id;
    }
    auto lease = one.db.checkout();
    REQUIRE(lease.info().id == dirty);
    REQUIRE(!in_transaction(*lease));
    REQUIRE(one.rows() == 1);
    REQUIRE_NOTHROW(execute(one.outside, "insert into t values(3)"));
}

TEMPLATE_TEST_CASE("an idle connection holds no lock of an unfinished statement", "", POOLY_BOTH_WORKERS) {
    pool_of_one<TestType> one{{.wal = false, .busy_timeout = 0ms}};
    execute(one.outside, "insert into t values(2)");
    statement_ptr unfinished{nullptr, sqlite3_finalize};
    {
        auto lease = one.db.checkout();
        unfinished = prepare(handle_of(*lease), "select a from t");
        REQUIRE(sqlite3_step(unfinished.get()) == SQLITE_ROW);
    }
    REQUIRE_NOTHROW(execute(one.outside, "insert into t values(3)"));
    unfinished.reset();  // before its connection
}

TEMPLATE_TEST_CASE("the next consumer finds the busy timeout and foreign keys of the factory", "", POOLY_BOTH_WORKERS) {
    pool_of_one<TestType> one{{.busy_timeout = 1234ms}};
    execute(*one.db.checkout(), "pragma busy_timeout = 7; pragma foreign_keys = off");
    const auto lease = one.db.checkout();
    REQUIRE(number(*lease, "pragma busy_timeout") == 1234);
    REQUIRE(number(*lease, "pragma foreign_keys") == 1);
}

TEMPLATE_TEST_CASE("a connection that cannot be cleaned is replaced", "", POOLY_BOTH_WORKERS) {
    pool_of_one<TestType> one;
    {
        auto lease = one.db.checkout();
        execute(*lease, "begin immediate; insert into t values(2)");
        const auto deny_transactions = [](void*, int action, const char*, const char*, const char*, const char*) {
            return action == SQLITE_TRANSACTION ? SQLITE_DENY : SQLITE_OK;
        };
        sqlite3_set_authorizer(handle_of(*lease), deny_transactions, nullptr);
    }
    REQUIRE(one.db.stats().reset_failures == 1);
    REQUIRE(one.rows() == 1);
    REQUIRE_NOTHROW(one.db.transaction([](TestType& db) { execute(db, "insert into t values(3)"); }));
}

TEMPLATE_TEST_CASE("a transaction is committed, and returns what its function returned", "", POOLY_BOTH_WORKERS) {
    pool_of_one<TestType> one;
    const int seen = one.db.transaction([](TestType& db) {
        execute(db, "insert into t values(2)");
        return number(db, "select count(*) from t");
    });
    REQUIRE(seen == 2);
    REQUIRE(one.rows() == 2);
}

TEMPLATE_TEST_CASE("an exception rolls the transaction back and arrives unchanged", "", POOLY_BOTH_WORKERS) {
    struct given_up {
        int reason;
    };
    pool_of_one<TestType> one;
    try {
        one.db.transaction([](TestType& db) {
            execute(db, "insert into t values(2)");
            throw given_up{42};
        });
        FAIL("the exception is lost");
    } catch (const given_up& same) {
        REQUIRE(same.reason == 42);
    }
    REQUIRE(one.rows() == 1);
    REQUIRE(one.db.status().idle == 1);
    REQUIRE(one.db.stats().created == 1);  // the same connection, rolled back and good again
}

TEMPLATE_TEST_CASE("an error of SQLite inside a transaction arrives in its own words", "", POOLY_BOTH_WORKERS) {
    pool_of_one<TestType> one;
    const auto refused = failure_in<TestType>([&] {
        one.db.transaction([](TestType& db) {
            execute(db, "insert into t values(2)");
            execute(db, "select nonsense");
        });
    });
    REQUIRE(refused.code == SQLITE_ERROR);
    REQUIRE(refused.message == "no such column: nonsense");
    REQUIRE(one.rows() == 1);
}

TEMPLATE_TEST_CASE("a begin that finds the database locked gives the connection back", "", POOLY_BOTH_WORKERS) {
    pool_of_one<TestType> one{{.busy_timeout = 0ms}};
    execute(one.outside, "begin immediate");
    for (int attempt = 0; attempt < 3; ++attempt) {
        bool ran = false;
        const auto refused = failure_in<TestType>([&] { one.db.transaction([&](TestType&) { ran = true; }); });
        REQUIRE(refused.code == SQLITE_BUSY);
        REQUIRE(refused.message == "database is locked");
        REQUIRE(!ran);
        REQUIRE(one.db.status().idle == 1);
    }
    execute(one.outside, "rollback");
    REQUIRE_NOTHROW(one.db.transaction([](TestType& db) { execute(db, "insert into t values(2)"); }));
    REQUIRE(one.db.stats().created == 1);
}

TEMPLATE_TEST_CASE("a commit that fails is told, and nothing of the transaction stays", "", POOLY_BOTH_WORKERS) {
    pool_of_one<TestType> one{{.wal = false, .busy_timeout = 0ms}};
    execute(one.outside,
            "begin; select count(*) from t");  // in rollback mode a reader keeps the writer from committing
    const auto refused =
        failure_in<TestType>([&] { one.db.transaction([](TestType& db) { execute(db, "insert into t values(2)"); }); });
    REQUIRE(refused.code == SQLITE_BUSY);
    REQUIRE(refused.message == "database is locked");
    execute(one.outside, "commit");

    REQUIRE(one.rows() == 1);
    REQUIRE(one.db.status().idle == 1);
    REQUIRE(!in_transaction(*one.db.checkout()));
}

TEMPLATE_TEST_CASE("a commit that a deferred foreign key refuses is rolled back", "", POOLY_BOTH_WORKERS) {
    pool_of_one<TestType> one;
    execute(one.outside,
            "create table parent(id integer primary key);"
            "create table child(id references parent deferrable initially deferred)");
    const auto refused = failure_in<TestType>(
        [&] { one.db.transaction([](TestType& db) { execute(db, "insert into child values(7)"); }); });
    REQUIRE(refused.code == SQLITE_CONSTRAINT);
    REQUIRE(refused.message == "FOREIGN KEY constraint failed");
    REQUIRE(number(one.outside, "select count(*) from child") == 0);
    REQUIRE(!in_transaction(*one.db.checkout()));
}

TEMPLATE_TEST_CASE("a transaction guard rolls back unless it is committed", "", POOLY_BOTH_WORKERS) {
    pool_of_one<TestType> one;
    {
        auto guard = one.db.begin();
        execute(*guard, "insert into t values(2)");
    }
    REQUIRE(one.rows() == 1);
    {
        auto guard = one.db.begin_for(1s);
        execute(*guard, "insert into t values(2)");
        guard.commit();
    }
    REQUIRE(one.rows() == 2);
    {
        auto guard = one.db.begin();
        execute(*guard, "insert into t values(3)");
        guard.rollback();
    }
    REQUIRE(one.rows() == 2);
}

TEMPLATE_TEST_CASE("a connection that was moved out of its worker is replaced", "", POOLY_BOTH_WORKERS) {
    pool_of_one<TestType> one;
    {
        auto lease = one.db.checkout();
        const TestType stolen{std::move(*lease)};
    }
    REQUIRE(one.db.stats().reset_failures == 1);
    REQUIRE_NOTHROW(one.db.transaction([](TestType& db) { execute(db, "insert into t values(2)"); }));
    REQUIRE(one.rows() == 2);
}

TEMPLATE_TEST_CASE("an idle connection whose file was replaced is replaced too", "", POOLY_BOTH_WORKERS) {
    const temporary_directory directory;
    const auto path = directory.file("a.db");
    pooly::pool db{factory<TestType>{path}, {.size = 1, .check_after_idle = 0ns}};
    REQUIRE_NOTHROW(execute(*db.checkout(), "create table was_here(a)"));
    std::filesystem::rename(path, path + ".old");
    for (const auto* const log : {"-wal", "-shm"}) std::filesystem::remove(path + log);

    REQUIRE(number(*db.checkout(), "select count(*) from sqlite_master") == 0);  // the new file, which is empty
    REQUIRE(db.stats().unhealthy == 1);
    REQUIRE(db.stats().created == 2);
    REQUIRE_NOTHROW(execute(*db.checkout(), "create table is_here(a)"));
    REQUIRE(db.stats().created == 2);
}

TEMPLATE_TEST_CASE("a discarded connection takes its half transaction with it", "", POOLY_BOTH_WORKERS) {
    pool_of_one<TestType> one;
    {
        auto lease = one.db.checkout();
        execute(*lease, "begin immediate; insert into t values(2)");
        lease.discard();
    }
    REQUIRE(one.rows() == 1);
    REQUIRE_NOTHROW(one.db.transaction([](TestType& db) { execute(db, "insert into t values(3)"); }));
}

TEMPLATE_TEST_CASE("a detached connection goes on working on its own", "", POOLY_BOTH_WORKERS) {
    pool_of_one<TestType> one;
    auto own = one.db.checkout().detach();
    one.db.close();
    REQUIRE_NOTHROW(execute(own, "insert into t values(2)"));
    REQUIRE(one.rows() == 2);
}

TEMPLATE_TEST_CASE("an eager pool that cannot open its file throws SQLite's error", "", POOLY_BOTH_WORKERS) {
    const temporary_directory directory;
    const auto path = directory.file("missing/a.db");
    const auto refused = failure_in<TestType>([&] { const pooly::pool db{factory<TestType>{path}}; });
    REQUIRE(refused.code == SQLITE_CANTOPEN);
    REQUIRE(refused.message == "unable to open database file: " + path);
}

TEMPLATE_TEST_CASE("a lazy pool that cannot open its file tells SQLite's error as the cause", "", POOLY_BOTH_WORKERS) {
    const temporary_directory directory;
    const auto path = directory.file("missing/a.db");
    pooly::pool db{factory<TestType>{path}, {.start = pooly::start_mode::lazy, .backoff_base = 0ns}};
    const auto result = db.try_checkout();
    REQUIRE(result.error() == pooly::errc::create_failed);
    const auto refused = failure_in<TestType>([&] { std::rethrow_exception(result.cause()); });
    REQUIRE(refused.message == "unable to open database file: " + path);
    REQUIRE_THROWS_WITH(db.checkout(), Catch::Matchers::ContainsSubstring(refused.message));

    std::filesystem::create_directory(std::filesystem::path{path}.parent_path());
    REQUIRE_NOTHROW(execute(*db.checkout(), "select 1"));
}

TEMPLATE_TEST_CASE("opening is over by the deadline of the consumer who waits for it", "", POOLY_BOTH_WORKERS) {
    const temporary_directory directory;
    const auto path = directory.file("a.db");
    auto reader = open<TestType>(path, {.wal = false});
    execute(reader, "create table t(a); begin; select count(*) from t");  // keeps others from switching to WAL
    pooly::pool db{factory<TestType>{path, {.busy_timeout = 24h}}, {.size = 1, .start = pooly::start_mode::lazy}};
    const auto result = db.try_checkout_for(20ms);  // a bug here is a hang, and the time limit of the test
    REQUIRE(!result);
    const auto refused = failure_in<TestType>([&] { std::rethrow_exception(result.cause()); });
    REQUIRE(refused.code == SQLITE_BUSY);
}

TEMPLATE_TEST_CASE("writers on several connections lose no update", "", POOLY_BOTH_WORKERS) {
    const temporary_directory directory;
    constexpr int threads = 6;
    constexpr int each = 50;
    pooly::pool db{
        factory<TestType>{directory.file("a.db"), {.synchronous = pooly::sqlite::sync_mode::off, .busy_timeout = 60s}},
        {.size = 2, .max_overflow = 1, .checkout_timeout = 60s}};
    db.transaction([](TestType& worker) { execute(worker, "create table t(a); insert into t values(0)"); });
    std::atomic<int> refused{0};
    std::vector<std::thread> writers;
    for (int thread = 0; thread < threads; ++thread)
        writers.emplace_back([&] {
            for (int round = 0; round < each; ++round) {
                try {
                    db.transaction([&](TestType& worker) {
                        const int before = number(worker, "select a from t");
                        execute(worker, "update t set a = " + std::to_string(before + 1));
                        if (round % 5 == 0) throw std::runtime_error{"half way"};
                    });
                } catch (const std::runtime_error& /*SQLite's are among them*/) {
                    ++refused;
                }
            }
        });
    for (auto& writer : writers) writer.join();
    REQUIRE(refused == threads * each / 5);
    REQUIRE(number(*db.checkout(), "select a from t") == threads * each - refused);
}
