// SPDX-License-Identifier: MIT
#pragma once

/// Connections of libpqxx as workers.
///
///     pooly::pool db{pooly::postgres::pqxx_factory{"host=db.example dbname=app"}, {.name = "db", .size = 4}};
///     { auto c = db.checkout(); pqxx::work tx{*c}; tx.exec("update account set balance = 0"); tx.commit(); }
///     pooly::postgres::transaction(db, [](pqxx::work& tx) { tx.exec("..."); });  // commits; retries if need be
///
/// The worker is `pooly::postgres::pqxx_connection`, a `pqxx::connection` that knows how it is to be kept; all that
/// takes a `pqxx::connection` takes it. What the pool does for it is what adapters/postgres.hpp says, with the same
/// `options`, but for this:
///
/// * Failures are libpqxx's exceptions.
/// * `reset_mode::discard_all` is taken as `keep_prepared`: libpqxx remembers what it has prepared, and would not do
///   so again.
/// * libpqxx 6 connects on its own, in whole seconds: a consumer's deadline is kept within two seconds.
/// * In `db.transaction(work)` the pool has begun already: use `pqxx::nontransaction` there, not `pqxx::work`.
///
/// Made for libpqxx 6. A transaction object must be gone before its connection goes back: declare it after the lease.
/// One that is not is aborted.

#include <pooly/adapters/pqxx/connection.hpp>
#include <pooly/adapters/pqxx/factory.hpp>
#include <pooly/adapters/pqxx/transaction.hpp>
