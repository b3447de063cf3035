// SPDX-License-Identifier: MIT
#pragma once

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

#include <string>

#include <pooly/adapters/sqlite/detail/driver.hpp>
#include <pooly/adapters/sqlite/detail/traits.hpp>
#include <pooly/worker_traits.hpp>

template <>
struct pooly::sqlite::detail::driver<SQLite::Database> {
    [[nodiscard]] static sqlite3* handle_of(const SQLite::Database& worker) noexcept { return worker.getHandle(); }

    [[nodiscard]] static SQLite::Database open(const std::string& path, int flags) try {
        return SQLite::Database{path, flags};
    } catch (const SQLite::Exception& failure) {
        raise(std::string{failure.what()} + ": " + path, failure.getErrorCode());
    }

    [[noreturn]] static void raise(sqlite3* handle, int code) { throw SQLite::Exception{handle, code}; }
    [[noreturn]] static void raise(const std::string& message, int code) { throw SQLite::Exception{message, code}; }
};

/// Failures are `SQLite::Exception`.
template <>
struct pooly::worker_traits<SQLite::Database> : pooly::sqlite::detail::traits<SQLite::Database> {};
