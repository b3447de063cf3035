// SPDX-License-Identifier: MIT
// What is no database, or cannot be opened: one error in SQLite's words, at the start or at the first check-out.
#include <unistd.h>

#include <pooly/pooly.hpp>

#include <chrono>
#include <exception>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include "sqlite/support.hpp"

using namespace sqlite_test;
using namespace std::chrono_literals;
using pooly::sqlite::factory;
using pooly::sqlite::options;

namespace {

/// An eager pool throws it, a lazy one tells it at the first check-out, and both name the file.
template <class Worker>
void check_both_starts(const std::string& path, const options& how, int code, const std::string& words) {
    CAPTURE(path, how.read_only);
    const auto expected = words + ": " + path;
    const auto eager = failure_in<Worker>([&] { const pooly::pool db{factory<Worker>{path, how}}; });
    REQUIRE(eager.code == code);
    REQUIRE(eager.message == expected);

    pooly::pool db{factory<Worker>{path, how}, {.name = "db", .start = pooly::start_mode::lazy}};
    const auto asked = std::chrono::steady_clock::now();
    const auto result = db.try_checkout_for(10s);
    REQUIRE(std::chrono::steady_clock::now() - asked < 10s);
    REQUIRE(result.error() == pooly::errc::create_failed);
    REQUIRE(failure_in<Worker>([&] { std::rethrow_exception(result.cause()); }).message == expected);
    REQUIRE_THROWS_WITH(db.checkout_for(10s), Catch::Matchers::ContainsSubstring(expected));
}

[[nodiscard]] bool may_do_anything() {
    if (::geteuid() != 0) return false;
    WARN("skipped: root may open any file");
    return true;
}

}  // namespace

TEMPLATE_TEST_CASE("an empty path is refused before there is a pool", "", POOLY_BOTH_WORKERS) {
    for (const auto start : {pooly::start_mode::eager, pooly::start_mode::lazy})
        REQUIRE_THROWS_AS((pooly::pool{factory<TestType>{""}, {.start = start}}), std::invalid_argument);
}

TEMPLATE_TEST_CASE("a directory that does not exist is told", "", POOLY_BOTH_WORKERS) {
    const temporary_directory directory;
    for (const bool read_only : {true, false})
        check_both_starts<TestType>(directory.file("missing/a.db"), {.read_only = read_only}, SQLITE_CANTOPEN,
                                    "unable to open database file");
}

TEMPLATE_TEST_CASE("a directory in place of a file is told", "", POOLY_BOTH_WORKERS) {
    const temporary_directory directory;
    check_both_starts<TestType>(directory.file(""), {}, SQLITE_CANTOPEN, "unable to open database file");
    // SQLite opens it, and finds that it cannot be read.
    check_both_starts<TestType>(directory.file(""), {.read_only = true}, SQLITE_IOERR, "disk I/O error");
}

TEMPLATE_TEST_CASE("a file that is no database is told", "", POOLY_BOTH_WORKERS) {
    const temporary_directory directory;
    const auto path = directory.file("a.db");
    const auto* const text = GENERATE("x", "This is a text, and no database.\n");
    for (int i = 0; i < 200; ++i) std::ofstream{path, std::ios::app} << text;
    for (const bool read_only : {true, false})
        check_both_starts<TestType>(path, {.read_only = read_only}, SQLITE_NOTADB, "file is not a database");
}

TEMPLATE_TEST_CASE("a file that may not be read is told", "", POOLY_BOTH_WORKERS) {
    if (may_do_anything()) return;
    const temporary_directory directory;
    const auto path = directory.file("a.db");
    (void)pooly::sqlite::open<TestType>(path);
    std::filesystem::permissions(path, std::filesystem::perms::none);
    for (const bool read_only : {true, false})
        check_both_starts<TestType>(path, {.read_only = read_only}, SQLITE_CANTOPEN, "unable to open database file");
}

TEMPLATE_TEST_CASE("a file that may not be written is told, unless it is only to be read", "", POOLY_BOTH_WORKERS) {
    if (may_do_anything()) return;
    const temporary_directory directory;
    const auto path = directory.file("a.db");
    const bool wal = GENERATE(false, true);
    execute(*pooly::pool{factory<TestType>{path, {.wal = wal}}, {.size = 1}}.checkout(), "create table t(a)");
    std::filesystem::permissions(path, std::filesystem::perms::owner_read);
    check_both_starts<TestType>(path, {.wal = wal}, SQLITE_READONLY, "attempt to write a readonly database");
    REQUIRE(number(pooly::sqlite::open<TestType>(path, {.read_only = true}), "select count(*) from t") == 0);
}

TEMPLATE_TEST_CASE("a connection that SQLite opened for reading only is told, unless that was asked for", "",
                   POOLY_BOTH_WORKERS) {
    if (sqlite3_compileoption_used("USE_URI") == 0) return;
    const temporary_directory directory;
    const bool wal = GENERATE(false, true);
    (void)pooly::sqlite::open<TestType>(directory.file("a.db"), {.wal = wal});
    const auto uri = "file:" + directory.file("a.db") + "?mode=ro";
    const options how{.create = false, .wal = wal};
    check_both_starts<TestType>(uri, how, SQLITE_READONLY, "attempt to write a readonly database");
    REQUIRE_NOTHROW(pooly::sqlite::open<TestType>(uri, {.read_only = true}));
}
