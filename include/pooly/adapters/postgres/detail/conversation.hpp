// SPDX-License-Identifier: MIT
#pragma once

#include <libpq-fe.h>
#include <poll.h>

#include <string>
#include <utility>

#include <pooly/adapters/postgres/detail/handle.hpp>
#include <pooly/adapters/postgres/detail/waiting.hpp>
#include <pooly/adapters/postgres/error.hpp>

namespace pooly::postgres::detail {

/// For as long as it lives, libpq does not wait for the server to take what is sent to it.
class nonblocking_scope {
public:
    explicit nonblocking_scope(PGconn* handle) noexcept : handle_{handle}, was_{PQisnonblocking(handle)} {
        PQsetnonblocking(handle_, 1);
    }
    nonblocking_scope(const nonblocking_scope&) = delete;
    nonblocking_scope& operator=(const nonblocking_scope&) = delete;
    ~nonblocking_scope() { PQsetnonblocking(handle_, was_); }

private:
    PGconn* handle_;
    int was_;
};

inline void await(PGconn* handle, short events, const patience& until) {
    const auto woken = wait_for(handle, events, until);
    if (woken != wake::ready)
        throw error{(woken == wake::stopped ? "gave up" : "timed out") +
                        std::string{" waiting for an answer of the PostgreSQL server"},
                    sqlstate::connection_failure};
    if (PQconsumeInput(handle) == 0) throw error_of(handle);
}

inline void send(PGconn* handle, const char* sql, const patience& until) {
    if (PQsendQuery(handle, sql) == 0) throw error_of(handle);
    while (true) {
        const int left = PQflush(handle);
        if (left == 0) return;
        if (left < 0) throw error_of(handle);
        // A server that will not read before it was read to would otherwise make this a deadlock.
        await(handle, POLLIN | POLLOUT, until);
    }
}

/// The next of its results, null after the last.
[[nodiscard]] inline result_owner receive(PGconn* handle, const patience& until) {
    while (PQisBusy(handle) != 0) await(handle, POLLIN, until);
    return result_owner{PQgetResult(handle)};
}

[[nodiscard]] inline bool has_failed(const PGresult* answer) noexcept {
    switch (PQresultStatus(answer)) {
        case PGRES_EMPTY_QUERY:
        case PGRES_COMMAND_OK:
        case PGRES_TUPLES_OK: return false;
        default: return true;
    }
}

/// After which there are no more results until it is over.
[[nodiscard]] inline bool begins_copy(const PGresult* answer) noexcept {
    const auto status = PQresultStatus(answer);
    return status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH;
}

/// Reads what came unasked, which may be the server's last words and the end of the connection. False if it is lost.
[[nodiscard]] inline bool is_there(PGconn* handle) noexcept {
    // The words are one read, the end behind them is another.
    return PQconsumeInput(handle) != 0 && PQconsumeInput(handle) != 0 && PQstatus(handle) == CONNECTION_OK;
}

/// Runs one or more statements to their end and returns the last result. Throws the first failure; where it is
/// a timeout, or a COPY that nobody asked for, the connection is left in the middle of it and of no more use.
inline result_owner ask(PGconn* handle, const char* sql, const patience& until = {}) {
    if (handle == nullptr) throw error{"the connection is closed", sqlstate::connection_failure};
    const nonblocking_scope nonblocking{handle};
    send(handle, sql, until);
    result_owner last;
    while (auto next = receive(handle, until)) {
        if (begins_copy(next.get())) throw error{"a COPY cannot be run this way", "0A000"};
        last = std::move(next);
        if (has_failed(last.get())) break;
    }
    if (last == nullptr || !has_failed(last.get())) return last;
    const auto failure = error_of(last.get());
    try {
        while (receive(handle, until)) continue;
    } catch (const error& /*the connection is gone, of which the failure is the reason*/) {
    }
    throw failure;
}

}  // namespace pooly::postgres::detail
