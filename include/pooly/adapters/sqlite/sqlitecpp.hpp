// SPDX-License-Identifier: MIT
#pragma once

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

#include <exception>
#include <string>

#include <pooly/adapters/sqlite/detail/driver.hpp>
#include <pooly/adapters/sqlite/detail/traits.hpp>
#include <pooly/adapters/sqlite/error.hpp>
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
    [[noreturn]] static void raise_at(const std::string& path, sqlite3* handle, int code) {
        raise(std::string{sqlite3_errmsg(handle)} + ": " + path, code);
    }
    [[nodiscard]] static bool is_transient(const std::exception& failure) noexcept {
        const auto* const known = dynamic_cast<const SQLite::Exception*>(&failure);
        return known != nullptr && sqlite::is_transient(known->getErrorCode());
    }
};

/// Failures are `SQLite::Exception`.
template <>
struct pooly::worker_traits<SQLite::Database> : pooly::sqlite::detail::traits<SQLite::Database> {};
