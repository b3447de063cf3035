// SPDX-License-Identifier: MIT
#include <chrono>
#include <filesystem>
#include <utility>

#include "sqlite/support.hpp"

using namespace sqlite_test;
using namespace std::chrono_literals;
using pooly::sqlite::open;

namespace {

template <class Worker>
using traits = pooly::worker_traits<Worker>;

/// A database with a table of one row, and a second connection to see what others see.
template <class Worker>
struct two_connections {
    explicit two_connections(const pooly::sqlite::options& how = {})
        : path{directory.file("a.db")}, db{open<Worker>(path, how)}, other{open<Worker>(path, how)} {
        execute(db, "create table t(a); insert into t values(1)");
    }

    temporary_directory directory;
    std::string path;
    Worker db;
    Worker other;
};

}  // namespace

TEMPLATE_TEST_CASE("reset rolls an open transaction back", "", POOLY_BOTH_WORKERS) {
    two_connections<TestType> two;
    for (const auto* const opening : {"begin", "begin immediate", "savepoint deep"}) {
        execute(two.db, opening);
        execute(two.db, "insert into t values(2)");
        traits<TestType>::reset(two.db);
        REQUIRE(!in_transaction(two.db));
        REQUIRE(number(two.db, "select count(*) from t") == 1);
        REQUIRE_NOTHROW(execute(two.other, "update t set a = a"));  // the write lock is free again
    }
}

TEMPLATE_TEST_CASE("reset of a clean connection does nothing", "", POOLY_BOTH_WORKERS) {
    two_connections<TestType> two;
    REQUIRE_NOTHROW(traits<TestType>::reset(two.db));
    REQUIRE_NOTHROW(traits<TestType>::reset(two.db));
    REQUIRE(number(two.db, "select count(*) from t") == 1);
}

TEMPLATE_TEST_CASE("reset gives back the read lock of an unfinished statement", "", POOLY_BOTH_WORKERS) {
    // In rollback mode a reader that never finishes keeps every writer from committing.
    two_connections<TestType> two{{.wal = false, .busy_timeout = 0ms}};
    execute(two.db, "insert into t values(2)");
    const auto unfinished = prepare(handle_of(two.db), "select a from t");
    REQUIRE(sqlite3_step(unfinished.get()) == SQLITE_ROW);
    REQUIRE(failure_in<TestType>([&] { execute(two.other, "insert into t values(3)"); }).code == SQLITE_BUSY);

    traits<TestType>::reset(two.db);
    REQUIRE(sqlite3_stmt_busy(unfinished.get()) == 0);
    REQUIRE_NOTHROW(execute(two.other, "insert into t values(3)"));
    REQUIRE(sqlite3_step(unfinished.get()) == SQLITE_ROW);  // it is only reset, its owner still has it
}

TEMPLATE_TEST_CASE("reset leaves no old snapshot to the next consumer", "", POOLY_BOTH_WORKERS) {
    two_connections<TestType> two;
    const auto unfinished = prepare(handle_of(two.db), "select a from t union all select 0");
    REQUIRE(sqlite3_step(unfinished.get()) == SQLITE_ROW);
    execute(two.other, "insert into t values(2)");
    REQUIRE(number(two.db, "select count(*) from t") == 1);  // the statement holds the snapshot
    traits<TestType>::reset(two.db);
    REQUIRE(number(two.db, "select count(*) from t") == 2);
}

TEMPLATE_TEST_CASE("reset handles several unfinished statements inside a transaction", "", POOLY_BOTH_WORKERS) {
    two_connections<TestType> two;
    execute(two.db, "begin immediate; insert into t values(2)");
    const auto reading = prepare(handle_of(two.db), "select a from t");
    const auto writing = prepare(handle_of(two.db), "insert into t values(3) returning a");
    const auto finished = prepare(handle_of(two.db), "select 1");
    REQUIRE(sqlite3_step(reading.get()) == SQLITE_ROW);
    REQUIRE(sqlite3_step(writing.get()) == SQLITE_ROW);
    traits<TestType>::reset(two.db);
    REQUIRE(!in_transaction(two.db));
    REQUIRE(sqlite3_stmt_busy(reading.get()) == 0);
    REQUIRE(sqlite3_stmt_busy(writing.get()) == 0);
    REQUIRE(number(two.other, "select count(*) from t") == 1);
}

TEMPLATE_TEST_CASE("reset restores the busy timeout and the foreign keys of the factory", "", POOLY_BOTH_WORKERS) {
    two_connections<TestType> two{{.busy_timeout = 1234ms}};
    execute(two.db, "pragma busy_timeout = 7; pragma foreign_keys = off");
    traits<TestType>::reset(two.db);
    REQUIRE(number(two.db, "pragma busy_timeout") == 1234);
    REQUIRE(number(two.db, "pragma foreign_keys") == 1);

    auto without = open<TestType>(two.path, {.foreign_keys = false});
    execute(without, "pragma foreign_keys = on");
    traits<TestType>::reset(without);
    REQUIRE(number(without, "pragma foreign_keys") == 0);
}

TEMPLATE_TEST_CASE("reset keeps the settings of a connection that was moved", "", POOLY_BOTH_WORKERS) {
    two_connections<TestType> two{{.busy_timeout = 1234ms}};
    TestType moved{std::move(two.db)};
    execute(moved, "pragma busy_timeout = 7");
    traits<TestType>::reset(moved);
    REQUIRE(number(moved, "pragma busy_timeout") == 1234);
}

namespace {

pooly::sqlite::connection opened_by_hand(const std::string& path, pooly::sqlite::connection* /*which*/) {
    sqlite3* handle = nullptr;
    REQUIRE(sqlite3_open(path.c_str(), &handle) == SQLITE_OK);
    return pooly::sqlite::connection{handle};
}

SQLite::Database opened_by_hand(const std::string& path, SQLite::Database* /*which*/) {
    return SQLite::Database{path, SQLite::OPEN_READWRITE};
}

}  // namespace

TEMPLATE_TEST_CASE("reset leaves the settings alone that another factory made", "", POOLY_BOTH_WORKERS) {
    two_connections<TestType> two;
    // Opened and closed often, so that a handle's address is likely to be used again: no settings may survive.
    for (int round = 0; round < 50; ++round) {
        (void)open<TestType>(two.path, {.busy_timeout = 4321ms});
        auto by_hand = opened_by_hand(two.path, static_cast<TestType*>(nullptr));
        execute(by_hand, "pragma busy_timeout = 7; pragma foreign_keys = off; begin");
        traits<TestType>::reset(by_hand);
        REQUIRE(!in_transaction(by_hand));
        REQUIRE(number(by_hand, "pragma busy_timeout") == 7);
        REQUIRE(number(by_hand, "pragma foreign_keys") == 0);
    }
}

TEMPLATE_TEST_CASE("an interrupt of the previous consumer does not reach the next", "", POOLY_BOTH_WORKERS) {
    two_connections<TestType> two;
    execute(two.db, "insert into t values(2)");
    const auto unfinished = prepare(handle_of(two.db), "select a from t");
    REQUIRE(sqlite3_step(unfinished.get()) == SQLITE_ROW);
    sqlite3_interrupt(handle_of(two.db));
    REQUIRE(failure_in<TestType>([&] { execute(two.db, "select a from t"); }).code == SQLITE_INTERRUPT);
    traits<TestType>::reset(two.db);
    REQUIRE_NOTHROW(execute(two.db, "select a from t"));
}

TEMPLATE_TEST_CASE("reset throws when the transaction cannot be rolled back", "", POOLY_BOTH_WORKERS) {
    two_connections<TestType> two;
    execute(two.db, "begin immediate");
    const auto deny_transactions = [](void*, int action, const char*, const char*, const char*, const char*) {
        return action == SQLITE_TRANSACTION ? SQLITE_DENY : SQLITE_OK;
    };
    sqlite3_set_authorizer(handle_of(two.db), deny_transactions, nullptr);
    const auto refused = failure_in<TestType>([&] { traits<TestType>::reset(two.db); });
    REQUIRE(refused.code == SQLITE_AUTH);
    REQUIRE(refused.message == "not authorized");
}

TEMPLATE_TEST_CASE("a connection is healthy in and out of a transaction", "", POOLY_BOTH_WORKERS) {
    two_connections<TestType> two;
    REQUIRE(traits<TestType>::healthy(two.db));
    execute(two.db, "begin immediate");
    REQUIRE(traits<TestType>::healthy(two.db));
    REQUIRE(traits<TestType>::healthy(two.other));
}

TEMPLATE_TEST_CASE("a locked database is no reason to call a connection broken, nor to wait", "", POOLY_BOTH_WORKERS) {
    two_connections<TestType> two{{.wal = false, .busy_timeout = 24h}};
    execute(two.db, "begin exclusive");
    REQUIRE(traits<TestType>::healthy(two.other));  // a bug here is a hang, and the time limit of the test
}

TEMPLATE_TEST_CASE("a connection whose file is gone or replaced is not healthy", "", POOLY_BOTH_WORKERS) {
    two_connections<TestType> two;
    std::filesystem::rename(two.path, two.path + ".old");
    REQUIRE(!traits<TestType>::healthy(two.db));
    REQUIRE_NOTHROW(execute(two.db, "insert into t values(2)"));  // SQLite itself does not notice
    {
        auto replacement = open<TestType>(two.path);
        REQUIRE(traits<TestType>::healthy(replacement));
    }
    REQUIRE(!traits<TestType>::healthy(two.db));
}

TEMPLATE_TEST_CASE("a connection that answers nothing is not healthy", "", POOLY_BOTH_WORKERS) {
    two_connections<TestType> two;
    const auto deny = [](void*, int, const char*, const char*, const char*, const char*) { return SQLITE_DENY; };
    sqlite3_set_authorizer(handle_of(two.db), deny, nullptr);
    REQUIRE(!traits<TestType>::healthy(two.db));
}

TEMPLATE_TEST_CASE("a database in memory is healthy", "", POOLY_BOTH_WORKERS) {
    auto db = open<TestType>(":memory:", {.wal = false});
    REQUIRE(traits<TestType>::healthy(db));
}

TEMPLATE_TEST_CASE("a closed connection is not healthy, and every verb says why", "", POOLY_BOTH_WORKERS) {
    two_connections<TestType> two;
    const TestType taken{std::move(two.db)};
    REQUIRE(!traits<TestType>::healthy(two.db));  // NOLINT(bugprone-use-after-move): this is what is tested
    const auto says_why = [&](auto verb) {
        const auto refused = failure_in<TestType>([&] { verb(two.db); });
        REQUIRE(refused.code == SQLITE_MISUSE);
        REQUIRE(refused.message == "the connection is closed");
    };
    says_why([](TestType& db) { traits<TestType>::reset(db); });
    says_why([](TestType& db) { traits<TestType>::begin(db); });
    says_why([](TestType& db) { traits<TestType>::commit(db); });
    says_why([](TestType& db) { traits<TestType>::rollback(db); });
}

TEMPLATE_TEST_CASE("begin takes the write lock at once", "", POOLY_BOTH_WORKERS) {
    two_connections<TestType> two{{.busy_timeout = 0ms}};
    traits<TestType>::begin(two.db);
    REQUIRE(in_transaction(two.db));
    const auto refused = failure_in<TestType>([&] { traits<TestType>::begin(two.other); });
    REQUIRE(refused.code == SQLITE_BUSY);
    REQUIRE(refused.message == "database is locked");
    REQUIRE(!in_transaction(two.other));

    traits<TestType>::rollback(two.db);
    REQUIRE_NOTHROW(traits<TestType>::begin(two.other));
}

TEMPLATE_TEST_CASE("begin keeps nobody from reading, without a log either", "", POOLY_BOTH_WORKERS) {
    two_connections<TestType> two{{.wal = GENERATE(false, true), .busy_timeout = 0ms}};
    traits<TestType>::begin(two.db);
    execute(two.db, "insert into t values(2)");
    REQUIRE(number(two.other, "select count(*) from t") == 1);
}

TEMPLATE_TEST_CASE("begin inside a transaction fails in SQLite's own words", "", POOLY_BOTH_WORKERS) {
    two_connections<TestType> two;
    traits<TestType>::begin(two.db);
    const auto refused = failure_in<TestType>([&] { traits<TestType>::begin(two.db); });
    REQUIRE(refused.message == "cannot start a transaction within a transaction");
}

TEMPLATE_TEST_CASE("a read-only connection has transactions too", "", POOLY_BOTH_WORKERS) {
    two_connections<TestType> two;
    auto reader = open<TestType>(two.path, {.read_only = true});
    traits<TestType>::begin(reader);
    REQUIRE(number(reader, "select count(*) from t") == 1);
    execute(two.db, "insert into t values(2)");
    REQUIRE(number(reader, "select count(*) from t") == 1);
    traits<TestType>::commit(reader);
    REQUIRE(number(reader, "select count(*) from t") == 2);
}

TEMPLATE_TEST_CASE("commit keeps, rollback undoes", "", POOLY_BOTH_WORKERS) {
    two_connections<TestType> two;
    traits<TestType>::begin(two.db);
    execute(two.db, "insert into t values(2)");
    traits<TestType>::commit(two.db);
    REQUIRE(number(two.other, "select count(*) from t") == 2);

    traits<TestType>::begin(two.db);
    execute(two.db, "insert into t values(3)");
    traits<TestType>::rollback(two.db);
    REQUIRE(number(two.other, "select count(*) from t") == 2);
}

TEMPLATE_TEST_CASE("commit without a transaction fails in SQLite's own words", "", POOLY_BOTH_WORKERS) {
    two_connections<TestType> two;
    const auto refused = failure_in<TestType>([&] { traits<TestType>::commit(two.db); });
    REQUIRE(refused.message == "cannot commit - no transaction is active");
}

TEMPLATE_TEST_CASE("a commit that finds the database busy leaves the transaction open", "", POOLY_BOTH_WORKERS) {
    two_connections<TestType> two{{.wal = false, .busy_timeout = 0ms}};
    execute(two.other, "begin; select count(*) from t");  // in rollback mode a reader keeps the writer from committing
    traits<TestType>::begin(two.db);
    execute(two.db, "insert into t values(2)");
    const auto refused = failure_in<TestType>([&] { traits<TestType>::commit(two.db); });
    REQUIRE(refused.code == SQLITE_BUSY);
    REQUIRE(refused.message == "database is locked");
    REQUIRE(in_transaction(two.db));

    traits<TestType>::rollback(two.db);
    REQUIRE(!in_transaction(two.db));
    REQUIRE(number(two.db, "select count(*) from t") == 1);
}

TEMPLATE_TEST_CASE("rollback after SQLite has rolled back by itself is no failure", "", POOLY_BOTH_WORKERS) {
    two_connections<TestType> two;
    execute(two.db, "create unique index one on t(a)");
    traits<TestType>::begin(two.db);
    REQUIRE(failure_in<TestType>([&] { execute(two.db, "insert or rollback into t values(1)"); }).code ==
            SQLITE_CONSTRAINT);
    REQUIRE(!in_transaction(two.db));
    REQUIRE_NOTHROW(traits<TestType>::rollback(two.db));
}
