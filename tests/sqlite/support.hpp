// SPDX-License-Identifier: MIT
#pragma once

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include <pooly/adapters/sqlite.hpp>

#include "support/catch.hpp"

/// Every promise holds for both owners of a connection.
#define POOLY_BOTH_WORKERS pooly::sqlite::connection, SQLite::Database

namespace sqlite_test {

/// A directory of its own for each test, gone afterwards.
class temporary_directory {
public:
    temporary_directory() {
        static std::atomic<unsigned> made{0};
        path_ = std::filesystem::temp_directory_path() /
                ("pooly-test-" + std::to_string(std::random_device{}()) + '-' + std::to_string(++made));
        if (!std::filesystem::create_directory(path_)) throw std::runtime_error{"exists already: " + path_.string()};
    }
    temporary_directory(const temporary_directory&) = delete;
    temporary_directory& operator=(const temporary_directory&) = delete;
    ~temporary_directory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    [[nodiscard]] std::string file(const std::string& name) const { return (path_ / name).string(); }

private:
    std::filesystem::path path_;
};

inline sqlite3* handle_of(const pooly::sqlite::connection& worker) { return worker.get(); }
inline sqlite3* handle_of(const SQLite::Database& worker) { return worker.getHandle(); }

inline void execute(pooly::sqlite::connection& worker, const std::string& sql) { worker.execute(sql); }
inline void execute(SQLite::Database& worker, const std::string& sql) { worker.exec(sql); }

/// What users of each owner catch, and the result code in it.
template <class Worker>
struct failure_of;
template <>
struct failure_of<pooly::sqlite::connection> {
    using type = pooly::sqlite::error;
    static int code(const type& failure) { return failure.code(); }
};
template <>
struct failure_of<SQLite::Database> {
    using type = SQLite::Exception;
    static int code(const type& failure) { return failure.getErrorCode(); }
};

struct failure {
    int code = SQLITE_OK;
    std::string message;
};

/// Runs what must fail; anything but the owner's own exception goes on to the test.
template <class Worker, class Function>
failure failure_in(Function&& function) {
    try {
        std::forward<Function>(function)();
    } catch (const typename failure_of<Worker>::type& caught) {
        return {failure_of<Worker>::code(caught), caught.what()};
    }
    return {};
}

using statement_ptr = std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)>;

inline statement_ptr prepare(sqlite3* handle, const char* sql) {
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v2(handle, sql, -1, &statement, nullptr);
    if (code != SQLITE_OK) throw std::runtime_error{sqlite3_errmsg(handle)};
    return {statement, sqlite3_finalize};
}

template <class Worker>
std::string text(const Worker& worker, const char* sql) {
    const auto statement = prepare(handle_of(worker), sql);
    if (sqlite3_step(statement.get()) != SQLITE_ROW) throw std::runtime_error{sqlite3_errmsg(handle_of(worker))};
    const auto* const answer = sqlite3_column_text(statement.get(), 0);
    return {answer, answer + sqlite3_column_bytes(statement.get(), 0)};
}

template <class Worker>
int number(const Worker& worker, const char* sql) {
    return std::stoi(text(worker, sql));
}

template <class Worker>
bool in_transaction(const Worker& worker) {
    return sqlite3_get_autocommit(handle_of(worker)) == 0;
}

}  // namespace sqlite_test
