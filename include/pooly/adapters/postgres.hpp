// SPDX-License-Identifier: MIT
#pragma once

/// PostgreSQL connections as workers.
///
///     pooly::pool db{pooly::postgres::factory{"host=db.example dbname=app user=app"}, {.name = "db", .size = 4}};
///     db.transaction([](pooly::postgres::connection& c) { c.execute("update account set balance = balance + 1"); });
///
/// The worker is `pooly::postgres::connection`, a plain owner of a `PGconn*` for libpq's own functions. Needs
/// <libpq-fe.h> and -lpq, and poll(2). docs/postgres.md tells more.
///
/// What the pool does for it (`worker_traits`), each by a deadline of `options`, so that a server that hangs takes
/// a connection with it and never a consumer:
///
/// * healthy: libpq says that it is connected, nothing is under way on it, and the server answers an empty query.
/// * reset, after each use: an open transaction is rolled back, and `DISCARD ALL` clears the session, or what
///   `options::reset` says instead; libpq's own settings (notice handlers, blocking, verbosity) are as before, and
///   notifications that nobody read are dropped. A connection that is in the middle of a statement, a result or a COPY
///   is destroyed; the server may go on with the statement until it notices.
/// * begin has the isolation level and access mode of the options, and is an error inside a transaction.
/// * commit that was answered by anything but `COMMIT` is an error: PostgreSQL answers that of an aborted transaction
/// by
///   `ROLLBACK`. If the connection is lost on the way, its SQLSTATE is 08007: nobody knows what became of it.
///
/// `pooly::postgres::transaction(pool, work)` runs a transaction again that failed by a serialization failure or
/// a deadlock.

#include <pooly/adapters/postgres/connection.hpp>
#include <pooly/adapters/postgres/error.hpp>
#include <pooly/adapters/postgres/factory.hpp>
#include <pooly/adapters/postgres/options.hpp>
#include <pooly/adapters/postgres/transaction.hpp>
#include <pooly/adapters/postgres/transient.hpp>
