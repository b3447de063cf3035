// SPDX-License-Identifier: MIT
#pragma once

#include <libpq-fe.h>

#include <string>
#include <string_view>

#include <pooly/adapters/postgres/detail/conversation.hpp>
#include <pooly/adapters/postgres/detail/waiting.hpp>
#include <pooly/adapters/postgres/error.hpp>
#include <pooly/adapters/postgres/options.hpp>

/// What a pool asks of a connection, over the bare handle. Each throws `error`, by its own deadline.
namespace pooly::postgres::detail {

/// Where the connection stands; throws where there is nothing to be done with it any more.
[[nodiscard]] inline PGTransactionStatusType standing(PGconn* handle) {
    if (handle == nullptr) throw error{"the connection is closed", sqlstate::connection_failure};
    // Of a statement that is over the server's last word may be unread: who copies reads no further than he must.
    if (PQtransactionStatus(handle) == PQTRANS_ACTIVE && PQconsumeInput(handle) != 0) (void)PQisBusy(handle);
    const auto status = PQtransactionStatus(handle);
    if (status == PQTRANS_UNKNOWN) throw error_of(handle);
    if (status == PQTRANS_ACTIVE)
        throw error{"the connection is in the middle of a statement, a result or a COPY", sqlstate::connection_failure};
    return status;
}

inline void refuse_if_open(PGconn* handle) {
    if (standing(handle) != PQTRANS_IDLE) throw error{"a transaction is open already", sqlstate::transaction_open};
}

/// Reads what came unasked; throws where the connection is lost.
inline void refuse_unless_there(PGconn* handle) {
    if (!is_there(handle)) throw error_of(handle);
}

/// Never says no without a reason.
[[nodiscard]] inline bool healthy(PGconn* handle, const options& how) {
    refuse_if_open(handle);
    refuse_unless_there(handle);
    if (how.health == health_check::status_only) return true;
    ask(handle, how.health == health_check::select_1 ? "select 1" : "",
        {.deadline = steady_deadline(how.health_timeout)});
    return true;
}

[[nodiscard]] inline std::string begin_statement(const options& how) {
    std::string sql = "begin";
    switch (how.isolation) {
        case isolation_level::server_default: break;
        case isolation_level::read_committed: sql += " isolation level read committed"; break;
        case isolation_level::repeatable_read: sql += " isolation level repeatable read"; break;
        case isolation_level::serializable: sql += " isolation level serializable"; break;
    }
    switch (how.access) {
        case access_mode::server_default: break;
        case access_mode::read_write: sql += " read write"; break;
        case access_mode::read_only: sql += " read only"; break;
    }
    if (how.deferrable) sql += " deferrable";
    return sql;
}

inline void begin(PGconn* handle, const options& how) {
    refuse_if_open(handle);  // the server would only warn, and the outer transaction's commit would be everybody's
    ask(handle, begin_statement(how).c_str(), {.deadline = steady_deadline(how.reply_timeout)});
}

inline void refuse_unless_open(PGconn* handle) {
    if (standing(handle) == PQTRANS_IDLE)  // the server would only warn
        throw error{"no transaction is open: its work ended it by itself", sqlstate::no_transaction};
}

[[noreturn]] inline void tell_rolled_back() {
    throw error{"the transaction was rolled back instead of committed: one of its statements had failed",
                sqlstate::transaction_aborted};
}

/// A commit is done only if the server says so: in an aborted transaction it answers `ROLLBACK`, without an error.
inline void commit(PGconn* handle, const options& how) {
    refuse_unless_open(handle);
    refuse_unless_there(handle);  // while it is certain that nothing was committed
    result_owner answer;
    try {
        answer = ask(handle, "commit", {.deadline = steady_deadline(how.commit_timeout)});
    } catch (const error& failure) {
        const auto status = PQtransactionStatus(handle);
        const bool is_told = failure.sqlstate() != sqlstate::connection_failure;      // and not made up by us, or libpq
        if (is_told && status != PQTRANS_UNKNOWN && status != PQTRANS_ACTIVE) throw;  // the server said no
        throw error{std::string{"nobody knows whether the transaction was committed: "} + failure.what(),
                    sqlstate::outcome_unknown};
    }
    if (std::string_view{PQcmdStatus(answer.get())} != "COMMIT") tell_rolled_back();
}

inline void rollback(PGconn* handle, const options& how) {
    if (standing(handle) != PQTRANS_IDLE) ask(handle, "rollback", {.deadline = steady_deadline(how.reply_timeout)});
}

[[nodiscard]] inline const char* cleaning_statements(reset_mode mode) noexcept {
    switch (mode) {
        case reset_mode::discard_all: return "discard all";
        case reset_mode::keep_prepared:
            return "close all; set session authorization default; reset all; unlisten *;"
                   "select pg_advisory_unlock_all(); discard temp; discard sequences";
        case reset_mode::rollback_only: break;
    }
    return nullptr;
}

inline void forget_notifications(PGconn* handle) noexcept {
    while (PGnotify* const stale = PQnotifies(handle)) PQfreemem(stale);
}

/// What a consumer set in libpq itself.
inline void restore_client_side(PGconn* handle) {
#ifdef LIBPQ_HAS_PIPELINING
    if (PQpipelineStatus(handle) != PQ_PIPELINE_OFF && PQexitPipelineMode(handle) == 0) throw error_of(handle);
#endif
    if (PQsetnonblocking(handle, 0) != 0) throw error_of(handle);
    PQsetErrorVerbosity(handle, PQERRORS_DEFAULT);
    PQsetErrorContextVisibility(handle, PQSHOW_CONTEXT_ERRORS);
    PQuntrace(handle);
}

inline void reset(PGconn* handle, const options& how) {
    const patience until{.deadline = steady_deadline(how.reply_timeout)};
    const bool open = standing(handle) != PQTRANS_IDLE;
    restore_client_side(handle);
    if (open) ask(handle, "rollback", until);
    if (const char* const cleaning = cleaning_statements(how.reset)) ask(handle, cleaning, until);
    forget_notifications(handle);
}

}  // namespace pooly::postgres::detail
