// SPDX-License-Identifier: MIT
#pragma once

#include <sqlite3.h>

#include <pooly/adapters/sqlite/detail/settings.hpp>

/// What a pool asks of a connection, once, over the bare handle. Each returns SQLite's result code; a closed handle is
/// `SQLITE_MISUSE`.
namespace pooly::sqlite::detail {

[[nodiscard]] inline int run(sqlite3* handle, const char* sql) noexcept {
    if (handle == nullptr) return SQLITE_MISUSE;
    return sqlite3_exec(handle, sql, nullptr, nullptr, nullptr);
}

/// An unlinked database goes on working, on a file that nobody else will ever see: that is the one way in which a
/// SQLite connection dies without an error, so it is asked for by name.
[[nodiscard]] inline bool file_is_gone(sqlite3* handle) noexcept {
    int moved = 0;
    return sqlite3_file_control(handle, nullptr, SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved != 0;
}

[[nodiscard]] inline bool healthy(sqlite3* handle) noexcept {
    return handle != nullptr && !file_is_gone(handle) && run(handle, "select 1") == SQLITE_OK;
}

/// On a read-only database SQLite makes this a transaction that reads.
[[nodiscard]] inline int begin(sqlite3* handle) noexcept { return run(handle, "begin immediate"); }

[[nodiscard]] inline int commit(sqlite3* handle) noexcept { return run(handle, "commit"); }

/// Some failures (disk full, I/O) roll the transaction back by themselves; then there is nothing left to do.
[[nodiscard]] inline int rollback(sqlite3* handle) noexcept {
    if (handle != nullptr && sqlite3_get_autocommit(handle) != 0) return SQLITE_OK;
    return run(handle, "rollback");
}

/// The first of a connection's unfinished statements, or the next one behind another; null where there is none.
[[nodiscard]] inline sqlite3_stmt* next_unfinished(sqlite3* handle, sqlite3_stmt* behind = nullptr) noexcept {
    do behind = sqlite3_next_stmt(handle, behind);
    while (behind != nullptr && sqlite3_stmt_busy(behind) == 0);
    return behind;
}

/// One that has something to write, too, which keeps the connection from committing.
[[nodiscard]] inline sqlite3_stmt* unfinished_writer(sqlite3* handle) noexcept {
    auto* found = next_unfinished(handle);
    while (found != nullptr && sqlite3_stmt_readonly(found) != 0) found = next_unfinished(handle, found);
    return found;
}

inline void reset_unfinished_statements(sqlite3* handle) noexcept {
    for (auto* each = next_unfinished(handle); each != nullptr; each = next_unfinished(handle, each))
        sqlite3_reset(each);  // its code repeats an error told already
}

[[nodiscard]] inline int reset(sqlite3* handle) {
    if (handle == nullptr) return SQLITE_MISUSE;
    reset_unfinished_statements(handle);
    if (const int code = rollback(handle); code != SQLITE_OK) return code;
    if (const auto wanted = settings_book::all().find(handle)) return apply(handle, *wanted);
    return SQLITE_OK;
}

}  // namespace pooly::sqlite::detail
