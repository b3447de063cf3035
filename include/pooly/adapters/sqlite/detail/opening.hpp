// SPDX-License-Identifier: MIT
#pragma once

#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include <pooly/adapters/sqlite/detail/driver.hpp>
#include <pooly/adapters/sqlite/detail/settings.hpp>
#include <pooly/adapters/sqlite/error.hpp>
#include <pooly/adapters/sqlite/options.hpp>
#include <pooly/create_context.hpp>
#include <pooly/detail/refuse.hpp>

namespace pooly::sqlite::detail {

inline void validate_path(const std::string& path, const options& how) {
    using pooly::detail::refuse;
    if (path.empty()) refuse("path", "must not be empty: SQLite would make a private database that vanishes");
    pooly::detail::refuse_zero_byte("path", path);
    if (path == ":memory:" && how.wal && !how.read_only) refuse("wal", "must be off for :memory:, which has no log");
}

[[nodiscard]] inline int open_flags(const options& how) noexcept {
    // NOMUTEX: a lease has one holder, who needs no lock of SQLite's around each call.
    if (how.read_only) return SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READONLY;
    return SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READWRITE | (how.create ? SQLITE_OPEN_CREATE : 0);
}

/// Waiting for locks while opening, by hand: SQLite does not call its busy handler for a change of the journal mode,
/// and would not look at a stop token. Ends with the busy timeout or the consumer's deadline, whichever is first.
class lock_wait {
public:
    lock_wait(std::chrono::milliseconds limit, const create_context& context)
        : deadline_{std::min(clock::now() + limit, context.deadline)}, stop_{context.stop} {}

    /// Sleeps a little; false, at once, when there is no time left.
    [[nodiscard]] bool once_more() {
        const auto left = deadline_ - clock::now();
        if (left <= clock::duration::zero() || stop_.stop_requested()) return false;
        std::this_thread::sleep_for(std::min<clock::duration>(left, pause_));
        pause_ = std::min(pause_ * 2, longest_pause);
        return true;
    }

private:
    using clock = std::chrono::steady_clock;
    static constexpr std::chrono::milliseconds longest_pause{20};

    clock::time_point deadline_;
    pooly::detail::stop_token stop_;
    std::chrono::milliseconds pause_{1};
};

/// Runs a statement of at most one row and keeps its first column.
[[nodiscard]] inline int query(sqlite3* handle, const char* sql, std::string& answer) {
    sqlite3_stmt* raw = nullptr;
    const int prepared = sqlite3_prepare_v2(handle, sql, -1, &raw, nullptr);
    const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement{raw, sqlite3_finalize};
    if (prepared != SQLITE_OK) return prepared;
    const int stepped = sqlite3_step(raw);
    if (stepped != SQLITE_ROW && stepped != SQLITE_DONE) return stepped;
    if (const auto* const text = sqlite3_column_text(raw, 0)) answer.assign(text, text + sqlite3_column_bytes(raw, 0));
    return SQLITE_OK;
}

template <class Worker>
std::string query_past_locks(const Worker& worker, const std::string& path, const char* sql, lock_wait& waiting) {
    sqlite3* const handle = driver<Worker>::handle_of(worker);
    std::string answer;
    while (true) {
        const int code = query(handle, sql, answer);
        if (code == SQLITE_OK) return answer;
        if (!is_transient(code) || !waiting.once_more()) driver<Worker>::raise_at(path, handle, code);
    }
}

[[nodiscard]] constexpr const char* sync_pragma(sync_mode mode) noexcept {
    switch (mode) {
        case sync_mode::off: return "pragma synchronous = off";
        case sync_mode::normal: return "pragma synchronous = normal";
        case sync_mode::full: return "pragma synchronous = full";
        case sync_mode::extra: return "pragma synchronous = extra";
    }
    return "";
}

/// The part of opening that reads the file: a file that is no database, or is locked for too long, is told here.
template <class Worker>
void configure(const Worker& worker, const std::string& path, const options& how, const create_context& context) {
    lock_wait waiting{how.busy_timeout, context};
    if (how.wal && !how.read_only) {
        const auto mode = query_past_locks(worker, path, "pragma journal_mode = wal", waiting);
        if (mode != "wal")  // SQLite says so in a row, without an error
            driver<Worker>::raise("the journal mode cannot be wal for this database, it stays " + mode + ": " + path,
                                  SQLITE_ERROR);
    }
    (void)query_past_locks(worker, path, sync_pragma(how.synchronous), waiting);
    (void)query_past_locks(worker, path, "pragma schema_version", waiting);
    if (!how.read_only && sqlite3_db_readonly(driver<Worker>::handle_of(worker), "main") == 1)
        // A file that may not be written is opened for reading, without an error until the first write.
        driver<Worker>::raise(std::string{sqlite3_errstr(SQLITE_READONLY)} + ": " + path, SQLITE_READONLY);

    const settings wanted{static_cast<int>(how.busy_timeout.count()), how.foreign_keys};
    sqlite3* const handle = driver<Worker>::handle_of(worker);
    check(worker, apply(handle, wanted));
    check(worker, settings_book::all().note(handle, wanted));
}

}  // namespace pooly::sqlite::detail
