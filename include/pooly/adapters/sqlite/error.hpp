// SPDX-License-Identifier: MIT
#pragma once

#include <sqlite3.h>

#include <exception>
#include <stdexcept>
#include <string>

namespace pooly::sqlite {

/// What a `connection` throws: SQLite's own message, and its result code.
class error : public std::runtime_error {
public:
    error(const std::string& message, int extended_code) : std::runtime_error{message}, extended_code_{extended_code} {}

    /// The last failure of a connection, in its own words.
    error(sqlite3* handle, int code) : error{sqlite3_errmsg(handle), most_precise(handle, code)} {}

    /// The primary result code: `SQLITE_BUSY`, `SQLITE_CONSTRAINT`, ...
    [[nodiscard]] int code() const noexcept { return extended_code_ & 0xff; }

    /// The extended one where SQLite told it (`SQLITE_CONSTRAINT_FOREIGNKEY`, ...), else the primary.
    [[nodiscard]] int extended_code() const noexcept { return extended_code_; }

private:
    [[nodiscard]] static int most_precise(sqlite3* handle, int code) noexcept {
        const int extended = sqlite3_extended_errcode(handle);
        return (extended & 0xff) == (code & 0xff) ? extended : code;
    }

    int extended_code_;
};

/// Whether a transaction failed for no fault of its own, and is likely to succeed if it is run again from its start:
/// another connection had the lock, or has written what this one meant to (`SQLITE_BUSY_SNAPSHOT`).
[[nodiscard]] inline bool is_transient(int code) noexcept { return (code & 0xff) == SQLITE_BUSY; }
[[nodiscard]] inline bool is_transient(const std::exception& failure) noexcept {
    const auto* const ours = dynamic_cast<const error*>(&failure);
    return ours != nullptr && is_transient(ours->code());
}

}  // namespace pooly::sqlite
