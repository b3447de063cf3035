// SPDX-License-Identifier: MIT
#pragma once

#include <sqlite3.h>

namespace pooly::sqlite::detail {

/// What differs between the C++ owners of a `sqlite3*`. Specialised with:
///
///     static sqlite3* handle_of(const Worker&) noexcept;           // null when closed or moved from
///     static Worker open(const std::string& path, int flags);      // its failures name the path
///     [[noreturn]] static void raise(sqlite3*, int code);          // SQLite's last message, as the owner's exception
///     [[noreturn]] static void raise(const std::string& message, int code);
///     [[noreturn]] static void raise_at(const std::string& path, sqlite3*, int code);  // with the path
///     static bool is_transient(const std::exception&) noexcept;    // of the owner's exceptions
template <class Worker>
struct driver;

/// Turns a result code into the exception that users of this owner expect.
template <class Worker>
void check(const Worker& worker, int code) {
    if (code == SQLITE_OK) return;
    if (sqlite3* const handle = driver<Worker>::handle_of(worker)) driver<Worker>::raise(handle, code);
    driver<Worker>::raise("the connection is closed", code);  // SQLite itself would say "out of memory" here
}

}  // namespace pooly::sqlite::detail
