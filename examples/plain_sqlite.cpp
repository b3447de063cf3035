// SPDX-License-Identifier: MIT

// A pool of plain SQLite connections, for programs that use <sqlite3.h> itself. Links with -lsqlite3 and nothing else.

#include <pooly/pooly.hpp>

#include <sqlite3.h>

#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iostream>
#include <memory>
#include <random>
#include <string>

#include <pooly/adapters/sqlite.hpp>

#include "usage.hpp"

namespace {

using pooly::sqlite::connection;

constexpr usage how_to_use{"plain_sqlite", 0, 0,
                           "usage: plain_sqlite\n"
                           "\n"
                           "Writes visits into a temporary SQLite file through a pool, and counts them.\n"};

/// What is not in `connection` is done with SQLite's own functions; `error` turns their result codes into exceptions.
int count_visits(connection& db) {
    const auto check = [&](int code, int expected) {
        if (code != expected) throw pooly::sqlite::error{db.get(), code};
    };
    sqlite3_stmt* raw = nullptr;
    check(sqlite3_prepare_v2(db.get(), "select count(*) from visit", -1, &raw, nullptr), SQLITE_OK);
    const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement{raw, sqlite3_finalize};
    check(sqlite3_step(raw), SQLITE_ROW);
    return sqlite3_column_int(raw, 0);
}

int visit_twice(const std::string& file) {
    pooly::pool db{pooly::sqlite::factory{file}, {.name = "visits", .size = 2}};
    db.transaction([](connection& c) { c.execute("create table visit(guest text not null)"); });
    db.transaction([](connection& c) { c.execute("insert into visit values('Ada'), ('Grace')"); });
    try {
        db.transaction(
            [](connection& c) { c.execute("insert into visit values('Nobody'); insert into visit values(null)"); });
    } catch (const pooly::sqlite::error& refused) {
        std::cout << "rolled back: " << refused.what() << '\n';
    }
    return count_visits(*db.checkout());
}

}  // namespace

int main(int argc, char** argv) {
    if (const auto status = tell_usage(how_to_use, argc, argv)) return *status;
    namespace fs = std::filesystem;
    try {
        const auto file =
            fs::temp_directory_path() / ("pooly-visits-" + std::to_string(std::random_device{}()) + ".db");
        const int visits = visit_twice(file.string());
        fs::remove(file);
        std::cout << visits << " visits\n";
        return visits == 2 ? EXIT_SUCCESS : EXIT_FAILURE;
    } catch (const std::exception& failure) {
        std::cerr << "plain_sqlite: " << failure.what() << '\n';
        return EXIT_FAILURE;
    }
}
