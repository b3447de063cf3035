// SPDX-License-Identifier: MIT
#pragma once

#include <sqlite3.h>

#include <string>

#include <pooly/adapters/sqlite/detail/driver.hpp>
#include <pooly/adapters/sqlite/detail/verbs.hpp>
#include <pooly/adapters/sqlite/error.hpp>

namespace pooly::sqlite::detail {

/// `worker_traits` of every owner that has a driver.
template <class Worker>
struct traits {
    [[nodiscard]] static bool healthy(Worker& worker) noexcept { return detail::healthy(handle_of(worker)); }
    static void reset(Worker& worker) { check(worker, detail::reset(handle_of(worker))); }
    static void begin(Worker& worker) { check(worker, detail::begin(handle_of(worker))); }
    /// SQLite says that it is busy also where a statement of the connection itself is in the way, for which no waiting
    /// and no retry helps.
    static void commit(Worker& worker) {
        sqlite3* const handle = handle_of(worker);
        const int code = detail::commit(handle);
        if (auto* const unfinished = is_transient(code) ? unfinished_writer(handle) : nullptr) {
            const char* const sql = sqlite3_sql(unfinished);
            driver<Worker>::raise(
                std::string{sqlite3_errmsg(handle)} + ": " + (sql != nullptr ? sql : "a BLOB that is open for writing"),
                SQLITE_MISUSE);
        }
        check(worker, code);
    }
    static void rollback(Worker& worker) { check(worker, detail::rollback(handle_of(worker))); }

private:
    [[nodiscard]] static sqlite3* handle_of(const Worker& worker) noexcept { return driver<Worker>::handle_of(worker); }
};

}  // namespace pooly::sqlite::detail
