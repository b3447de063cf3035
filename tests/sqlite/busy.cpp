// SPDX-License-Identifier: MIT
// A database that somebody else, of another pool or process, has locked.
#include <pooly/pooly.hpp>

#include <chrono>
#include <exception>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "sqlite/support.hpp"

using namespace sqlite_test;
using namespace std::chrono_literals;
using pooly::sqlite::factory;
using pooly::sqlite::open;
using pooly::sqlite::options;
using pooly::sqlite::retry_policy;

namespace {

/// A pool of one on a table of one row, and somebody else who can hold the write lock.
template <class Worker>
struct rivals {
    explicit rivals(const options& how, pooly::worker_hooks<Worker> hooks = {})
        : other{open<Worker>(path, how)}, db{factory<Worker>{path, how}, {.name = "db", .size = 1}, std::move(hooks)} {
        execute(other, "create table t(a); insert into t values(1)");
    }

    void lock() { execute(other, "begin immediate"); }
    void unlock() { execute(other, "commit"); }
    [[nodiscard]] int rows() { return number(other, "select count(*) from t"); }
    [[nodiscard]] int busy_timeout() { return number(*db.checkout(), "pragma busy_timeout"); }

    temporary_directory directory;
    std::string path = directory.file("a.db");
    Worker other;
    pooly::pool<Worker> db;
};

template <class Worker>
void insert(Worker& db) {
    execute(db, "insert into t values(2)");
}

/// Retries as often as there is time, without a pause.
const retry_policy untiring{
    .max_attempts = std::numeric_limits<std::size_t>::max(), .backoff_base = 0ns, .backoff_cap = 0ns};

}  // namespace

TEMPLATE_TEST_CASE("a begin waits for a busy writer until the busy timeout", "", POOLY_BOTH_WORKERS) {
    rivals<TestType> two{{.busy_timeout = 20ms}};
    two.lock();
    const auto started = std::chrono::steady_clock::now();
    REQUIRE(failure_in<TestType>([&] { two.db.transaction(insert<TestType>); }).code == SQLITE_BUSY);
    REQUIRE(std::chrono::steady_clock::now() - started >= 20ms);
}

TEMPLATE_TEST_CASE("a begin that waits for a busy writer goes on when that is done", "", POOLY_BOTH_WORKERS) {
    rivals<TestType> two{{.busy_timeout = 24h}};
    two.lock();
    // Called for each wait; ours takes the place of SQLite's, and is there to know that it waits.
    const auto lease_and_let_go = [&] {
        auto lease = two.db.checkout();
        const auto let_go = [](void* of, int) {
            static_cast<rivals<TestType>*>(of)->unlock();
            return 1;
        };
        sqlite3_busy_handler(handle_of(*lease), let_go, &two);
        pooly::transaction_guard<TestType> writing{std::move(lease)};
        insert(*writing);
        writing.commit();
    };
    REQUIRE_NOTHROW(lease_and_let_go());
    REQUIRE(two.rows() == 2);
    REQUIRE(two.busy_timeout() == std::chrono::milliseconds{24h}.count());
}

TEMPLATE_TEST_CASE("a transaction with retries does not wait for a busy writer past its deadline", "",
                   POOLY_BOTH_WORKERS) {
    rivals<TestType> two{{.busy_timeout = 24h}};
    two.lock();
    for (const auto timeout : {-1ms, 0ms, 30ms}) {
        const auto started = std::chrono::steady_clock::now();
        // A bug here is a hang, and the time limit of the test.
        const auto refused =
            failure_in<TestType>([&] { pooly::sqlite::transaction(two.db, insert<TestType>, timeout); });
        REQUIRE(refused.code == SQLITE_BUSY);
        REQUIRE(refused.message == "database is locked");
        REQUIRE(std::chrono::steady_clock::now() - started >= timeout - 1ms);
        REQUIRE(two.busy_timeout() == std::chrono::milliseconds{24h}.count());
    }
    two.unlock();
    REQUIRE_NOTHROW(pooly::sqlite::transaction(two.db, insert<TestType>, 0ms));
    REQUIRE(two.rows() == 2);
    REQUIRE(two.db.stats().created == 1);
}

TEMPLATE_TEST_CASE("a transaction with retries ends by the deadline of a check-out if it is given none", "",
                   POOLY_BOTH_WORKERS) {
    const temporary_directory directory;
    const auto path = directory.file("a.db");
    auto other = open<TestType>(path);
    pooly::pool db{factory<TestType>{path, {.busy_timeout = 24h}}, {.size = 1, .checkout_timeout = 20ms}};
    execute(other, "begin immediate");
    REQUIRE(failure_in<TestType>([&] { pooly::sqlite::transaction(db, [](TestType&) {}); }).code == SQLITE_BUSY);
}

TEMPLATE_TEST_CASE("no retry begins after the deadline, and no pause leads past it", "", POOLY_BOTH_WORKERS) {
    rivals<TestType> two{{.busy_timeout = 0ms}};
    two.lock();
    const auto refused =
        failure_in<TestType>([&] { pooly::sqlite::transaction(two.db, insert<TestType>, 30ms, untiring); });
    REQUIRE(refused.code == SQLITE_BUSY);
    retry_policy slow = untiring;
    slow.backoff_base = slow.backoff_cap = 24h;
    REQUIRE(failure_in<TestType>([&] { pooly::sqlite::transaction(two.db, insert<TestType>, 1h, slow); }).code ==
            SQLITE_BUSY);
}

TEMPLATE_TEST_CASE("a time that was over long ago is one attempt", "", POOLY_BOTH_WORKERS) {
    const auto long_ago = GENERATE(std::chrono::hours::min(), std::chrono::hours{-1});
    rivals<TestType> two{{.busy_timeout = 1ms}};
    int ran = 0;
    const auto count = [&](TestType&) { return ++ran; };
    REQUIRE(pooly::sqlite::transaction(two.db, count, long_ago) == 1);
    two.lock();
    int retried = 0;
    retry_policy counts = untiring;
    counts.on_retry = [&](const std::exception&, std::size_t) { ++retried; };
    const auto give_up = [&] { pooly::sqlite::transaction(two.db, insert<TestType>, long_ago, counts); };
    REQUIRE(failure_in<TestType>(give_up).code == SQLITE_BUSY);
    REQUIRE(retried == 0);
}

TEMPLATE_TEST_CASE("the busy timeout bounds an attempt that has more time", "", POOLY_BOTH_WORKERS) {
    rivals<TestType> two{{.busy_timeout = 1ms}};
    two.lock();
    const auto give_up = [&] { pooly::sqlite::transaction(two.db, insert<TestType>, 24h, {.max_attempts = 1}); };
    REQUIRE(failure_in<TestType>(give_up).code == SQLITE_BUSY);
}

TEMPLATE_TEST_CASE("the statements of a transaction with retries wait for as long as the factory said", "",
                   POOLY_BOTH_WORKERS) {
    rivals<TestType> two{{.busy_timeout = 1234ms}};
    const auto seen = [&](auto timeout) {
        return pooly::sqlite::transaction(
            two.db, [](TestType& db) { return number(db, "pragma busy_timeout"); }, timeout);
    };
    REQUIRE(seen(1ms) == 1234);
    REQUIRE(seen(std::chrono::hours::max()) == 1234);
}

TEMPLATE_TEST_CASE("a transaction with retries leaves the busy timeout of another factory's connection alone", "",
                   POOLY_BOTH_WORKERS) {
    const temporary_directory directory;
    const auto path = directory.file("a.db");
    (void)open<TestType>(path);
    pooly::pool<TestType> db{[&] {
                                 auto by_hand =
                                     pooly::sqlite::detail::driver<TestType>::open(path, SQLITE_OPEN_READWRITE);
                                 sqlite3_busy_timeout(handle_of(by_hand), 7);
                                 return by_hand;
                             },
                             {.size = 1}};
    pooly::sqlite::transaction(db, [](TestType& c) { REQUIRE(number(c, "pragma busy_timeout") == 7); });
}

TEMPLATE_TEST_CASE("a transaction that finds the database busy is run again", "", POOLY_BOTH_WORKERS) {
    rivals<TestType> two{{.busy_timeout = 0ms}};
    two.lock();
    std::vector<std::string> retried;
    int ran = 0;
    const int rows = pooly::sqlite::transaction(two.db,
                                                [&](TestType& db) {
                                                    ++ran;
                                                    insert(db);
                                                    return number(db, "select count(*) from t");
                                                },
                                                {.on_retry = [&](const std::exception& failed, std::size_t) {
                                                    retried.emplace_back(failed.what());
                                                    two.unlock();
                                                }});
    REQUIRE(rows == 2);
    REQUIRE(ran == 1);
    REQUIRE(retried == std::vector<std::string>{"database is locked"});
    REQUIRE(two.rows() == 2);
}

TEMPLATE_TEST_CASE("a transaction that has read what another one then changed is run again", "", POOLY_BOTH_WORKERS) {
    // Begun for reading, by a hook, it finds its snapshot too old to write on.
    const auto deferred = [](TestType& db) { execute(db, "begin"); };
    rivals<TestType> two{{.busy_timeout = 24h}, {.begin = deferred}};
    std::vector<int> seen;
    std::size_t retries = 0;
    pooly::sqlite::transaction(two.db,
                               [&](TestType& db) {
                                   seen.push_back(number(db, "select count(*) from t"));
                                   if (seen.size() == 1) insert(two.other);
                                   insert(db);
                               },
                               {.on_retry = [&](const std::exception&, std::size_t attempt) { retries = attempt; }});
    REQUIRE(seen == std::vector<int>{1, 2});
    REQUIRE(retries == 1);
    REQUIRE(two.rows() == 3);
}

TEMPLATE_TEST_CASE("a commit that finds the database busy is run again from the start", "", POOLY_BOTH_WORKERS) {
    rivals<TestType> two{{.wal = false, .busy_timeout = 0ms}};
    execute(two.other, "begin; select count(*) from t");  // in rollback mode a reader keeps the writer from committing
    statement_ptr unfinished{nullptr, sqlite3_finalize};  // it reads, and is in nobody's way
    int ran = 0;
    pooly::sqlite::transaction(two.db,
                               [&](TestType& db) {
                                   ++ran;
                                   insert(db);
                                   unfinished = prepare(handle_of(db), "select a from t");
                                   REQUIRE(sqlite3_step(unfinished.get()) == SQLITE_ROW);
                               },
                               {.on_retry = [&](const std::exception&, std::size_t) { two.unlock(); }});
    unfinished.reset();  // before its connection
    REQUIRE(ran == 2);
    REQUIRE(two.rows() == 2);
}

TEMPLATE_TEST_CASE("a commit in whose way its own unfinished statement stands tells that, and is not run again", "",
                   POOLY_BOTH_WORKERS) {
    rivals<TestType> two{{.busy_timeout = 24h}};
    execute(two.other, "update t set a = zeroblob(4)");
    int ran = 0;
    const auto refusal = [&](const auto& leave_unfinished) {
        ran = 0;
        return failure_in<TestType>([&] {
            pooly::sqlite::transaction(two.db, [&](TestType& db) {
                ++ran;
                insert(db);
                leave_unfinished(db);
            });
        });
    };
    statement_ptr unfinished{nullptr, sqlite3_finalize};
    const auto leave = [&](const char* sql) {
        return [&unfinished, sql](TestType& db) {
            unfinished = prepare(handle_of(db), sql);
            REQUIRE(sqlite3_step(unfinished.get()) == SQLITE_ROW);
        };
    };
    const auto writing = refusal(leave("insert into t values(3) returning a"));
    REQUIRE(writing.code == SQLITE_MISUSE);
    REQUIRE(writing.message ==
            "cannot commit transaction - SQL statements in progress: insert into t values(3) returning a");
    REQUIRE(ran == 1);
    REQUIRE(two.rows() == 1);

    sqlite3_blob* blob = nullptr;
    const auto open_blob = [&](TestType& db) {
        REQUIRE(sqlite3_blob_open(handle_of(db), "main", "t", "a", 1, 1, &blob) == SQLITE_OK);
    };
    REQUIRE(refusal(open_blob).message ==
            "cannot commit transaction - SQL statements in progress: a BLOB that is open for writing");
    REQUIRE(ran == 1);
    sqlite3_blob_close(blob);

    unfinished.reset();  // before its connection
    REQUIRE_NOTHROW(pooly::sqlite::transaction(two.db, insert<TestType>));
    REQUIRE(two.rows() == 2);
    REQUIRE(two.db.stats().created == 1);
}

TEMPLATE_TEST_CASE("retries are bounded, and only for a busy database or what the policy says", "",
                   POOLY_BOTH_WORKERS) {
    rivals<TestType> two{{.busy_timeout = 0ms}};
    int ran = 0;
    const auto nonsense = [&](const retry_policy& policy) {
        ran = 0;
        const auto refused = failure_in<TestType>([&] {
            pooly::sqlite::transaction(
                two.db,
                [&](TestType& db) {
                    ++ran;
                    insert(db);
                    execute(db, "select nonsense");
                },
                policy);
        });
        REQUIRE(refused.message == "no such column: nonsense");
        return ran;
    };
    REQUIRE(nonsense({}) == 1);
    REQUIRE(nonsense({.max_attempts = 3, .retries = [](const std::exception&) { return true; }}) == 3);
    REQUIRE(two.rows() == 1);

    two.lock();
    std::size_t told = 0;
    const retry_policy twice{.max_attempts = 3, .on_retry = [&](const std::exception&, std::size_t) { ++told; }};
    REQUIRE(failure_in<TestType>([&] { pooly::sqlite::transaction(two.db, insert<TestType>, 1h, twice); }).code ==
            SQLITE_BUSY);
    REQUIRE(told == 2);
    REQUIRE_THROWS_AS(pooly::sqlite::transaction(two.db, [](TestType&) {}, {.max_attempts = 0}), std::invalid_argument);
}

TEST_CASE("senseless retrying is refused by name") {
    REQUIRE_NOTHROW(retry_policy{}.validate());
    REQUIRE_THROWS_WITH(retry_policy{.max_attempts = 0}.validate(), "pooly: max_attempts must be at least 1 (given 0)");
    REQUIRE_THROWS_WITH(retry_policy{.backoff_base = -1ns}.validate(),
                        "pooly: backoff_base must not be negative (given -1 ns)");
    REQUIRE_THROWS_WITH((retry_policy{.backoff_base = 1500us, .backoff_cap = 1ms}.validate()),
                        "pooly: backoff_cap must not be shorter than backoff_base (given 1 ms and 1500 us)");
}

TEST_CASE("transient failures of SQLite are those of a busy database") {
    using pooly::sqlite::error;
    using pooly::sqlite::is_transient;
    REQUIRE(is_transient(SQLITE_BUSY));
    REQUIRE(is_transient(SQLITE_BUSY_SNAPSHOT));
    REQUIRE(is_transient(error{"", SQLITE_BUSY_SNAPSHOT}));
    for (const int code : {SQLITE_LOCKED, SQLITE_FULL, SQLITE_CONSTRAINT, SQLITE_READONLY, SQLITE_INTERRUPT}) {
        REQUIRE(!is_transient(code));
        REQUIRE(!is_transient(error{"", code}));
    }
    REQUIRE(!is_transient(std::runtime_error{"database is locked"}));
    using of_sqlitecpp = pooly::sqlite::detail::driver<SQLite::Database>;
    REQUIRE(of_sqlitecpp::is_transient(SQLite::Exception{"", SQLITE_BUSY}));
    REQUIRE(!of_sqlitecpp::is_transient(SQLite::Exception{"", SQLITE_FULL}));
    REQUIRE(!of_sqlitecpp::is_transient(std::runtime_error{"database is locked"}));
}
