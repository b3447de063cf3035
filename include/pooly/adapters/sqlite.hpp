// SPDX-License-Identifier: MIT
#pragma once

/// SQLite connections as workers.
///
///     pooly::pool db{pooly::sqlite::factory{"app.db", {.busy_timeout = 2s}}, {.name = "db", .size = 4}};
///     db.transaction([](pooly::sqlite::connection& c) { c.execute("update account set balance = balance + 1"); });
///
/// The worker is `pooly::sqlite::connection`, a plain owner of a `sqlite3*`, or `SQLite::Database` where SQLiteCpp is
/// installed: `pooly::sqlite::factory<SQLite::Database>{"app.db"}`. Needs <sqlite3.h> and -lsqlite3; what is for
/// SQLiteCpp needs linking with it only when used.
///
/// Many readers beside one writer are two pools, `{.size = 1}` and one of `factory{"app.db", {.read_only = true}}`.
/// `pooly::sqlite::transaction(db, work, timeout)` runs again what found the database busy. docs/sqlite.md has more.
///
/// What the pool does for either (`worker_traits`):
///
/// * healthy: the file is still the one that was opened (not deleted, not replaced), and the connection answers. It
///   waits for no lock, so a busy database is no reason to call a connection broken.
/// * reset, after each use: unfinished statements are reset, which gives back their read locks; an open transaction or
///   savepoint is rolled back; the busy timeout and the enforcement of foreign keys are as the factory set them (those
///   of a connection that another factory made stay as they are).
/// * begin is `BEGIN IMMEDIATE`, so that two readers never deadlock on becoming writers. It waits for the write lock up
///   to the busy timeout. On a read-only database it takes no lock, and gives one snapshot to read from.
/// * commit that fails (`SQLITE_BUSY`, a deferred foreign key) leaves the transaction open, to be rolled back. Where
///   a statement of its own that writes is unfinished the error tells its SQL, and is `SQLITE_MISUSE`.
///
/// Not undone, because nothing tells what the factory wanted: other pragmas, temporary tables, attached databases, and
/// the callbacks and functions that were registered (an authorizer may well be the factory's own). Whoever changes
/// those for himself puts them back or calls `discard()` on the lease. As ever with SQLite, a statement must be gone
/// before its connection is: declare it after the lease.

#include <pooly/adapters/sqlite/connection.hpp>
#include <pooly/adapters/sqlite/error.hpp>
#include <pooly/adapters/sqlite/factory.hpp>
#include <pooly/adapters/sqlite/options.hpp>
#include <pooly/adapters/sqlite/transaction.hpp>

#if __has_include(<SQLiteCpp/Database.h>)
#include <pooly/adapters/sqlite/sqlitecpp.hpp>
#endif
