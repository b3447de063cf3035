// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>

#include <pooly/adapters/detail/refusing.hpp>

namespace pooly::sqlite {

/// How hard a commit is pressed onto the disk; SQLite's `PRAGMA synchronous`.
enum class sync_mode {
    off,     ///< not at all: a power cut may destroy the file
    normal,  ///< with WAL: a power cut may undo the last commits, and never damages the file
    full,    ///< a commit that returned survives a power cut
    extra,   ///< also the directory entry of a deleted rollback journal
};

/// How a connection is opened, for designated initialisers.
struct options {
    /// Open for reading; `create` and `wal` then do not matter.
    bool read_only = false;
    /// Make the file when there is none. Directories are not made.
    bool create = true;
    /// Write-ahead log: readers and the one writer do not block each other, which is what a pool is for.
    bool wal = true;
    /// Full by default, as SQLite's own: losing commits should be a decision.
    sync_mode synchronous = sync_mode::full;
    /// On by default; SQLite's own default, off, is there for old programs only.
    bool foreign_keys = true;
    /// How long a statement waits for a lock of another connection before `SQLITE_BUSY`. Also bounds the waiting
    /// while opening, together with the deadline of whoever waits for the connection.
    std::chrono::milliseconds busy_timeout = std::chrono::seconds{5};

    /// Throws `std::invalid_argument` naming the first field that makes no sense.
    void validate() const {
        adapters::detail::refuse_unless_known("synchronous", synchronous, sync_mode::extra, "is no sync_mode");
        adapters::detail::refuse_unless_countable("busy_timeout", busy_timeout);
    }
};

}  // namespace pooly::sqlite
