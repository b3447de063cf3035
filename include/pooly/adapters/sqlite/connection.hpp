// SPDX-License-Identifier: MIT
#pragma once

#include <sqlite3.h>

#include <exception>
#include <string>
#include <utility>

#include <pooly/adapters/sqlite/detail/driver.hpp>
#include <pooly/adapters/sqlite/detail/traits.hpp>
#include <pooly/adapters/sqlite/error.hpp>
#include <pooly/detail/refuse.hpp>
#include <pooly/worker_traits.hpp>

namespace pooly::sqlite {

/// Owns a `sqlite3*`. Thread safety: one thread at a time, which is what a lease gives.
class connection {
public:
    /// Takes over an open handle; null makes a closed connection.
    explicit connection(sqlite3* handle) noexcept : handle_{handle} {}

    connection(connection&& other) noexcept : handle_{std::exchange(other.handle_, nullptr)} {}
    connection& operator=(connection&& other) noexcept {
        connection old{std::exchange(handle_, std::exchange(other.handle_, nullptr))};
        return *this;
    }
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;

    /// Statements that are still about keep SQLite from closing the file; the last of them closes it when finalised.
    ~connection() { sqlite3_close_v2(handle_); }

    /// For SQLite's own functions. Null when moved from.
    [[nodiscard]] sqlite3* get() const noexcept { return handle_; }

    /// Runs one or more statements to their end; rows are ignored. Throws `error`; those before the failing one stay
    /// done, unless a transaction is open. A zero byte is `std::invalid_argument`.
    void execute(const std::string& sql);

private:
    sqlite3* handle_;
};

template <>
struct detail::driver<connection> {
    [[nodiscard]] static sqlite3* handle_of(const connection& worker) noexcept { return worker.get(); }

    [[nodiscard]] static connection open(const std::string& path, int flags) {
        sqlite3* handle = nullptr;
        const int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
        connection opened{handle};  // SQLite hands out a handle, to be closed, even when it fails
        if (code == SQLITE_OK) return opened;
        raise_at(path, handle, code);
    }

    [[noreturn]] static void raise(sqlite3* handle, int code) { throw error{handle, code}; }
    [[noreturn]] static void raise(const std::string& message, int code) { throw error{message, code}; }
    [[noreturn]] static void raise_at(const std::string& path, sqlite3* handle, int code) {
        const error failure{handle, code};
        raise(std::string{failure.what()} + ": " + path, failure.extended_code());
    }
    [[nodiscard]] static bool is_transient(const std::exception& failure) noexcept {
        return sqlite::is_transient(failure);
    }
};

inline void connection::execute(const std::string& sql) {
    pooly::detail::refuse_zero_byte("sql", sql);
    detail::check(*this, detail::run(handle_, sql.c_str()));
}

}  // namespace pooly::sqlite

template <>
struct pooly::worker_traits<pooly::sqlite::connection> : pooly::sqlite::detail::traits<pooly::sqlite::connection> {};
