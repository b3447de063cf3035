// SPDX-License-Identifier: MIT
// Many readers beside one writer: two pools on one database with a write-ahead log.
#include <pooly/pooly.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "sqlite/support.hpp"

using namespace sqlite_test;
using namespace std::chrono_literals;
using pooly::sqlite::factory;
using pooly::sqlite::options;

namespace {

/// A writer and readers, and a table of one row.
template <class Worker>
struct writer_and_readers {
    explicit writer_and_readers(std::size_t count, const options& of_readers = {.read_only = true})
        : readers{factory<Worker>{path, of_readers}, {.name = "readers", .size = count}} {}

    static pooly::pool_options filled(pooly::pool_options how, const std::string& path) {
        auto first = pooly::sqlite::open<Worker>(path);
        execute(first, "create table t(a); insert into t values(1)");
        return how;
    }

    [[nodiscard]] int rows_read() {
        return readers.transaction([](Worker& db) { return number(db, "select count(*) from t"); });
    }

    temporary_directory directory;
    std::string path = directory.file("a.db");
    pooly::pool<Worker> writer{factory<Worker>{path}, filled({.name = "writer", .size = 1}, path)};
    pooly::pool<Worker> readers;
};

}  // namespace

TEMPLATE_TEST_CASE("a reader sees what the writer has committed, and nothing before", "", POOLY_BOTH_WORKERS) {
    writer_and_readers<TestType> both{2};
    {
        auto open = both.writer.begin();
        execute(*open, "insert into t values(2)");
        REQUIRE(both.rows_read() == 1);
        execute(*open, "insert into t values(3)");
        REQUIRE(both.rows_read() == 1);
        open.commit();
    }
    REQUIRE(both.rows_read() == 3);
    {
        auto open = both.writer.begin();
        execute(*open, "delete from t");
    }
    REQUIRE(both.rows_read() == 3);
}

TEMPLATE_TEST_CASE("a reader's transaction is one snapshot from its begin on, and keeps no writer waiting", "",
                   POOLY_BOTH_WORKERS) {
    writer_and_readers<TestType> both{2};
    const auto write = [&] { both.writer.transaction([](TestType& db) { execute(db, "insert into t values(2)"); }); };
    auto reading = both.readers.begin();
    write();
    REQUIRE(number(*reading, "select count(*) from t") == 1);
    write();
    REQUIRE(number(*reading, "select count(*) from t") == 1);
    reading.commit();
    REQUIRE(both.rows_read() == 3);
}

TEMPLATE_TEST_CASE("readers do not wait for each other, nor for a writer, to begin", "", POOLY_BOTH_WORKERS) {
    writer_and_readers<TestType> both{3, {.read_only = true, .busy_timeout = 24h}};  // a bug here is a hang
    const auto writing = both.writer.begin();
    const auto first = both.readers.begin();
    const auto second = both.readers.begin();
    REQUIRE(both.rows_read() == 1);
}

TEMPLATE_TEST_CASE("a reader cannot write, and is told so in SQLite's words", "", POOLY_BOTH_WORKERS) {
    writer_and_readers<TestType> both{1};
    const auto* const statement =
        GENERATE("insert into t values(2)", "create table u(a)", "drop table t", "pragma user_version = 7");
    for (const bool in_transaction : {true, false}) {
        const auto refused = failure_in<TestType>([&] {
            if (in_transaction)
                both.readers.transaction([&](TestType& db) { execute(db, statement); });
            else
                execute(*both.readers.checkout(), statement);
        });
        REQUIRE(refused.code == SQLITE_READONLY);
        REQUIRE(refused.message == "attempt to write a readonly database");
    }
    REQUIRE(both.rows_read() == 1);
    REQUIRE(both.readers.stats().created == 1);
}

TEMPLATE_TEST_CASE("readers beside a busy writer see whole transactions only, in their order", "", POOLY_BOTH_WORKERS) {
    constexpr int rounds = 300;
    writer_and_readers<TestType> both{3};
    std::atomic<bool> over{false};
    std::atomic<int> half{0}, backwards{0}, failed{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i)
        threads.emplace_back([&] {
            int seen = 1;
            while (!over) {
                const auto refused = failure_in<TestType>([&] {
                    both.readers.transaction([&](TestType& db) {
                        const int rows = number(db, "select count(*) from t");
                        const int newest = number(db, "select max(a) from t");
                        half += rows != newest;
                        half += number(db, "select sum(a = max) from t, (select max(a) as max from t)") != 1;
                        backwards += newest < seen;
                        seen = newest;
                    });
                });
                failed += refused.code != SQLITE_OK;
            }
        });
    for (int round = 1; round <= rounds; ++round)
        both.writer.transaction([&](TestType& db) {
            execute(db, "insert into t values(" + std::to_string(2 * round) + ")");
            execute(db, "insert into t values(" + std::to_string(2 * round + 1) + ")");
        });
    over = true;
    for (auto& thread : threads) thread.join();
    REQUIRE(half == 0);
    REQUIRE(backwards == 0);
    REQUIRE(failed == 0);
    REQUIRE(both.rows_read() == 2 * rounds + 1);
}

TEMPLATE_TEST_CASE("who waits for the one writer waits in the pool, in order and until his deadline", "",
                   POOLY_BOTH_WORKERS) {
    writer_and_readers<TestType> both{1};
    const auto writing = both.writer.begin();
    try {
        both.writer.transaction([](TestType&) {}, 1ms);
        FAIL("there is one writer");
    } catch (const pooly::pool_error& told) {
        REQUIRE(told.code() == pooly::errc::timeout);
    }
}
