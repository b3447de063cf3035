// SPDX-License-Identifier: MIT
#pragma once

/// Connections to MariaDB or MySQL as workers, by MariaDB Connector/C.
///
///     pooly::pool db{pooly::mysql::factory{{.host = "db.example", .user = "app", .database = "app"}}, {.size = 4}};
///     db.transaction([](pooly::mysql::connection& c) { c.execute("update account set balance = balance + 1"); });
///
/// The worker is `pooly::mysql::connection`, a plain owner of a `MYSQL*` for the client's own functions. Needs
/// <mysql.h> of MariaDB Connector/C (`pkg-config libmariadb`), whose non-blocking calls it uses, and poll(2).
/// docs/mysql.md tells more.
///
/// What the pool does for it (`worker_traits`), each by a deadline of `options`, so that a server that hangs takes
/// a connection with it and never a consumer:
///
/// * healthy: nothing is under way on it, nothing came unasked, and the server answers `mysql_ping`.
/// * reset, after each use: `mysql_reset_connection`, which rolls back an open transaction and clears the session, or
///   what `options::reset` says instead; the database and the character set are as before. A connection that is in the
///   middle of a statement or a result, or lost, is destroyed.
/// * begin has the isolation level and access mode of the options, and is an error inside a transaction.
/// * commit is an error where no transaction is open any more, as after a deadlock. If the connection is lost on the
///   way, its SQLSTATE is 08007: nobody knows what became of it.
///
/// `pooly::mysql::transaction(pool, work)` runs a transaction again that failed by a deadlock or a lock wait.

#include <pooly/adapters/mysql/connection.hpp>
#include <pooly/adapters/mysql/error.hpp>
#include <pooly/adapters/mysql/factory.hpp>
#include <pooly/adapters/mysql/options.hpp>
#include <pooly/adapters/mysql/transaction.hpp>
#include <pooly/adapters/tcp_watch.hpp>
