// SPDX-License-Identifier: MIT
#include <filesystem>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include "sqlite/support.hpp"

using namespace sqlite_test;
using pooly::sqlite::connection;
using pooly::sqlite::error;

static_assert(std::is_nothrow_move_constructible_v<connection>);
static_assert(std::is_nothrow_move_assignable_v<connection>);
static_assert(!std::is_copy_constructible_v<connection>);
static_assert(!std::is_convertible_v<sqlite3*, connection>, "owning a handle must be said");
static_assert(std::is_base_of_v<std::runtime_error, error>);
static_assert(std::is_nothrow_copy_constructible_v<error>);

TEST_CASE("a connection runs several statements in one call") {
    const temporary_directory directory;
    auto db = pooly::sqlite::open(directory.file("a.db"));
    db.execute("create table t(a); insert into t values(1); insert into t values(2); select a from t");
    REQUIRE(number(db, "select count(*) from t") == 2);
}

TEST_CASE("a failing statement throws SQLite's own message and codes") {
    const temporary_directory directory;
    auto db = pooly::sqlite::open(directory.file("a.db"));
    db.execute("create table t(a integer not null unique); insert into t values(1)");

    REQUIRE_THROWS_WITH(db.execute("select nonsense"), "no such column: nonsense");
    try {
        db.execute("insert into t values(1)");
        FAIL("a second 1 must be refused");
    } catch (const error& refused) {
        REQUIRE(std::string{refused.what()} == "UNIQUE constraint failed: t.a");
        REQUIRE(refused.code() == SQLITE_CONSTRAINT);
        REQUIRE(refused.extended_code() == SQLITE_CONSTRAINT_UNIQUE);
    }
}

TEST_CASE("an error of another call does not lend its extended code") {
    const temporary_directory directory;
    auto db = pooly::sqlite::open(directory.file("a.db"));
    db.execute("create table t(a unique); insert into t values(1)");
    REQUIRE_THROWS_AS(db.execute("insert into t values(1)"), error);
    REQUIRE(error(db.get(), SQLITE_MISUSE).extended_code() == SQLITE_MISUSE);
}

TEST_CASE("a moved-from connection is closed, and says so") {
    const temporary_directory directory;
    auto first = pooly::sqlite::open(directory.file("a.db"));
    sqlite3* const handle = first.get();
    connection second{std::move(first)};
    REQUIRE(second.get() == handle);
    REQUIRE(first.get() == nullptr);  // NOLINT(bugprone-use-after-move): this is what is tested
    REQUIRE_THROWS_WITH(first.execute("select 1"), "the connection is closed");

    auto third = pooly::sqlite::open(directory.file("b.db"));
    third = std::move(second);
    REQUIRE(third.get() == handle);
    REQUIRE_NOTHROW(third.execute("select 1"));

    connection& alias = third;
    third = std::move(alias);
    REQUIRE(third.get() == handle);
    REQUIRE_NOTHROW(third.execute("select 1"));
}

TEST_CASE("a statement with a zero byte in it is refused, not cut off") {
    const temporary_directory directory;
    auto db = pooly::sqlite::open(directory.file("a.db"));
    REQUIRE_THROWS_WITH(db.execute(std::string{"select 1\0 2", 10}), "pooly: sql must not contain a zero byte");
}

TEST_CASE("a statement that outlives its connection is still good, and closes the file") {
    const temporary_directory directory;
    statement_ptr statement{nullptr, sqlite3_finalize};
    {
        auto db = pooly::sqlite::open(directory.file("a.db"));
        db.execute("create table t(a)");
        statement = prepare(db.get(), "select 1");
    }
    REQUIRE(sqlite3_step(statement.get()) == SQLITE_ROW);
    REQUIRE(std::filesystem::exists(directory.file("a.db-wal")));
    statement.reset();
    REQUIRE(!std::filesystem::exists(directory.file("a.db-wal")));  // the last one to close a database takes it away
}
