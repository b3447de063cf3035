// SPDX-License-Identifier: MIT
#include <chrono>
#include <filesystem>
#include <fstream>
#include <latch>
#include <string>
#include <thread>
#include <vector>

#include "sqlite/support.hpp"

using namespace sqlite_test;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using pooly::sqlite::factory;
using pooly::sqlite::open;
using pooly::sqlite::options;
using pooly::sqlite::sync_mode;

TEMPLATE_TEST_CASE("a connection has what the defaults promise", "", POOLY_BOTH_WORKERS) {
    const temporary_directory directory;
    const auto db = open<TestType>(directory.file("a.db"));
    REQUIRE(text(db, "pragma journal_mode") == "wal");
    REQUIRE(number(db, "pragma foreign_keys") == 1);
    REQUIRE(number(db, "pragma synchronous") == 2);
    REQUIRE(number(db, "pragma busy_timeout") == 5000);
    REQUIRE(number(db, "select pooly_busy_timeout()") == 5000);
}

TEMPLATE_TEST_CASE("a connection has what its options ask for", "", POOLY_BOTH_WORKERS) {
    const temporary_directory directory;
    const auto db =
        open<TestType>(directory.file("a.db"),
                       {.wal = false, .synchronous = sync_mode::normal, .foreign_keys = false, .busy_timeout = 250ms});
    REQUIRE(text(db, "pragma journal_mode") == "delete");
    REQUIRE(number(db, "pragma foreign_keys") == 0);
    REQUIRE(number(db, "pragma synchronous") == 1);
    REQUIRE(number(db, "pragma busy_timeout") == 250);

    REQUIRE(number(open<TestType>(directory.file("b.db"), {.synchronous = sync_mode::off}), "pragma synchronous") == 0);
    REQUIRE(number(open<TestType>(directory.file("b.db"), {.synchronous = sync_mode::extra}), "pragma synchronous") ==
            3);
}

TEMPLATE_TEST_CASE("foreign keys are enforced", "", POOLY_BOTH_WORKERS) {
    const temporary_directory directory;
    auto db = open<TestType>(directory.file("a.db"));
    execute(db, "create table a(id integer primary key); create table b(a references a)");
    const auto refused = failure_in<TestType>([&] { execute(db, "insert into b values(7)"); });
    REQUIRE(refused.code == SQLITE_CONSTRAINT);
    REQUIRE(refused.message == "FOREIGN KEY constraint failed");
}

TEMPLATE_TEST_CASE("a path into a missing directory is told with the path", "", POOLY_BOTH_WORKERS) {
    const temporary_directory directory;
    const auto path = directory.file("missing/a.db");
    const auto refused = failure_in<TestType>([&] { (void)open<TestType>(path); });
    REQUIRE(refused.code == SQLITE_CANTOPEN);
    REQUIRE(refused.message == "unable to open database file: " + path);
}

TEMPLATE_TEST_CASE("a missing file is made only where that is allowed", "", POOLY_BOTH_WORKERS) {
    const temporary_directory directory;
    const auto path = directory.file("a.db");
    REQUIRE(failure_in<TestType>([&] { (void)open<TestType>(path, {.create = false}); }).code == SQLITE_CANTOPEN);
    REQUIRE(failure_in<TestType>([&] { (void)open<TestType>(path, {.read_only = true}); }).code == SQLITE_CANTOPEN);
    REQUIRE(!std::filesystem::exists(path));
    (void)open<TestType>(path);
    REQUIRE(std::filesystem::exists(path));
    REQUIRE_NOTHROW(open<TestType>(path, {.create = false}));
}

TEMPLATE_TEST_CASE("a read-only connection reads and does not write", "", POOLY_BOTH_WORKERS) {
    const temporary_directory directory;
    auto writer = open<TestType>(directory.file("a.db"));
    execute(writer, "create table t(a); insert into t values(1)");

    auto reader = open<TestType>(directory.file("a.db"), {.read_only = true});
    REQUIRE(number(reader, "select a from t") == 1);
    const auto refused = failure_in<TestType>([&] { execute(reader, "insert into t values(2)"); });
    REQUIRE(refused.code == SQLITE_READONLY);
    REQUIRE(refused.message == "attempt to write a readonly database");
}

TEMPLATE_TEST_CASE("a file that is no database fails at opening, not at the first use", "", POOLY_BOTH_WORKERS) {
    const temporary_directory directory;
    const auto path = directory.file("a.db");
    std::ofstream{path} << std::string(4096, 'x');
    for (const bool wal : {true, false}) {
        const auto refused = failure_in<TestType>([&] { (void)open<TestType>(path, {.wal = wal}); });
        REQUIRE(refused.code == SQLITE_NOTADB);
        REQUIRE(refused.message == "file is not a database: " + path);
    }
}

TEMPLATE_TEST_CASE("a database that cannot have a write-ahead log says so", "", POOLY_BOTH_WORKERS) {
    // A named database in memory: SQLite keeps its own journal mode and reports no error.
    const std::string memory = "file:pooly?mode=memory&cache=shared";
    if (sqlite3_compileoption_used("USE_URI") == 0) return;
    const auto refused = failure_in<TestType>([&] { (void)open<TestType>(memory); });
    REQUIRE_THAT(refused.message, ContainsSubstring("cannot be wal"));
    REQUIRE_THAT(refused.message, ContainsSubstring("memory"));
    REQUIRE_NOTHROW(open<TestType>(memory, {.wal = false}));
}

namespace {

/// A database in rollback mode with a reader inside: nobody can switch it to WAL, and SQLite does not call its busy
/// handler for that.
template <class Worker>
class occupied_file {
public:
    explicit occupied_file(const std::string& path) : reader_{open<Worker>(path, {.wal = false})} {
        execute(reader_, "create table t(a); begin; select count(*) from t");
    }

private:
    Worker reader_;
};

}  // namespace

TEMPLATE_TEST_CASE("opening waits for a lock only for the busy timeout", "", POOLY_BOTH_WORKERS) {
    const temporary_directory directory;
    const occupied_file<TestType> occupied{directory.file("a.db")};
    for (const auto busy_timeout : {0ms, 1ms, 20ms}) {
        const auto started = std::chrono::steady_clock::now();
        const auto refused =
            failure_in<TestType>([&] { (void)open<TestType>(directory.file("a.db"), {.busy_timeout = busy_timeout}); });
        REQUIRE(refused.code == SQLITE_BUSY);
        REQUIRE(refused.message == "database is locked: " + directory.file("a.db"));
        REQUIRE(std::chrono::steady_clock::now() - started >= busy_timeout);
    }
}

TEMPLATE_TEST_CASE("opening does not wait past the deadline of its consumer", "", POOLY_BOTH_WORKERS) {
    const temporary_directory directory;
    const occupied_file<TestType> occupied{directory.file("a.db")};
    const factory<TestType> make{directory.file("a.db"), {.busy_timeout = 24h}};
    const auto now = std::chrono::steady_clock::now();
    // A bug here is a hang, and the time limit of the test.
    REQUIRE(failure_in<TestType>([&] { (void)make({.deadline = now - 1s}); }).code == SQLITE_BUSY);
    REQUIRE(failure_in<TestType>([&] { (void)make({.deadline = now + 10ms}); }).code == SQLITE_BUSY);
}

#if defined(__cpp_lib_jthread)
TEMPLATE_TEST_CASE("opening does not wait for a consumer that gave up", "", POOLY_BOTH_WORKERS) {
    const temporary_directory directory;
    const occupied_file<TestType> occupied{directory.file("a.db")};
    const factory<TestType> make{directory.file("a.db"), {.busy_timeout = 24h}};
    std::stop_source stop;
    std::latch started{1};
    std::thread canceller{[&] {
        started.wait();
        stop.request_stop();
    }};
    started.count_down();
    const auto refused = failure_in<TestType>([&] { (void)make({.stop = stop.get_token()}); });
    canceller.join();
    REQUIRE(refused.code == SQLITE_BUSY);
}
#endif

TEMPLATE_TEST_CASE("a deadline for opening does not become the busy timeout of the connection", "",
                   POOLY_BOTH_WORKERS) {
    const temporary_directory directory;
    const factory<TestType> make{directory.file("a.db"), {.busy_timeout = 3s}};
    const auto db = make({.deadline = std::chrono::steady_clock::now() - 1s});
    REQUIRE(number(db, "pragma busy_timeout") == 3000);
}

TEMPLATE_TEST_CASE("connections to a new file may all be opened at once", "", POOLY_BOTH_WORKERS) {
    const temporary_directory directory;
    constexpr int rounds = 20;
    constexpr int openers = 8;
    for (int round = 0; round < rounds; ++round) {
        const factory<TestType> make{directory.file(std::to_string(round) + ".db"), {.busy_timeout = 30s}};
        std::latch together{openers};
        std::vector<std::string> failures(openers);
        std::vector<std::thread> threads;
        for (auto& failed : failures)
            threads.emplace_back([&] {
                together.arrive_and_wait();
                failed = failure_in<TestType>([&] { (void)make({}); }).message;
            });
        for (auto& thread : threads) thread.join();
        for (const auto& failed : failures) REQUIRE(failed.empty());
    }
}
