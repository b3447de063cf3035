// SPDX-License-Identifier: MIT
#pragma once

#include <mysql.h>
#include <sys/socket.h>

#include <atomic>
#include <cstdint>
#include <string>

#include <pooly/adapters/mysql/detail/handle.hpp>
#include <pooly/adapters/mysql/detail/waiting.hpp>
#include <pooly/adapters/mysql/error.hpp>

namespace pooly::mysql::detail {

/// The client would go on in another session, without a word: what was set or begun in the last one is gone.
inline void never_reconnect(MYSQL* handle) noexcept {
    constexpr my_bool off = 0;
    mysql_options(handle, MYSQL_OPT_RECONNECT, &off);
}

/// The handle, where something can be done with it but to destroy it.
[[nodiscard]] inline MYSQL* standing(MYSQL* handle) {
    if (handle == nullptr) throw error{0, sqlstate::connection_failure, "the connection is closed"};
    if (mysql_get_socket(handle) == MARIADB_INVALID_SOCKET) {
        if (mysql_errno(handle) != 0) throw error_of(handle);
        throw error{code::server_gone, sqlstate::connection_failure, "the connection to the MariaDB server is lost"};
    }
    if (handle->status != MYSQL_STATUS_READY || mysql_more_results(handle))
        throw error{0, sqlstate::connection_failure, "the connection is in the middle of a statement or a result"};
    return handle;
}

inline void query(MYSQL* handle, const std::string& sql, patience& until) {
    const int failed = run<int>(
        handle, until, [&](int* result) { return mysql_real_query_start(result, handle, sql.data(), sql.size()); },
        [&](int* result, int told) { return mysql_real_query_cont(result, handle, told); });
    if (failed != 0) throw error_of(handle);
}

/// All that the last statement returned; null where it returns no rows.
[[nodiscard]] inline result_owner rows_of(MYSQL* handle, patience& until) {
    if (mysql_field_count(handle) == 0) return nullptr;
    result_owner rows{run<MYSQL_RES*>(
        handle, until, [&](MYSQL_RES** result) { return mysql_store_result_start(result, handle); },
        [&](MYSQL_RES** result, int told) { return mysql_store_result_cont(result, handle, told); })};
    if (!rows) throw error_of(handle);
    return rows;
}

/// Runs one statement to its end, or several where the connection was made for that; rows are ignored. Throws the first
/// failure.
inline void ask(MYSQL* handle, const std::string& sql, patience& until) {
    query(handle, sql, until);
    (void)rows_of(handle, until);
    while (mysql_more_results(handle)) {
        const int failed = run<int>(
            handle, until, [&](int* result) { return mysql_next_result_start(result, handle); },
            [&](int* result, int told) { return mysql_next_result_cont(result, handle, told); });
        if (failed != 0) throw error_of(handle);
        (void)rows_of(handle, until);
    }
}

/// Whether the client has heard from the server how a transaction stands, since it last sent something. It has not
/// where nothing was read of the answer (`mysql_send_query`), where there is none (`mysql_stmt_close`), where the
/// answer was an error, or one that the client does not look into (`mysql_ping`, `mysql_select_db`, `mysql_stat`).
[[nodiscard]] inline bool knows_the_state(MYSQL* handle) noexcept {
    return mysql_errno(handle) == 0 && mysql_affected_rows(handle) != ~my_ulonglong{0};
}

/// Behind a call of ours whose answer the client does not look into, though we know what it says.
inline void state_is_known(MYSQL* handle) noexcept { handle->affected_rows = 0; }

/// The handle, where it is certain that what comes next is the answer to what is sent next, and how a transaction
/// stands. That costs a round trip where the client does not know.
[[nodiscard]] inline MYSQL* in_step(MYSQL* given, patience& until) {
    MYSQL* const handle = standing(given);
    if (knows_the_state(handle)) return handle;
    static std::atomic<std::uint64_t> last{0};
    const auto unlike_others = "pooly-" + std::to_string(last.fetch_add(1, std::memory_order_relaxed));  // only a name
    query(handle, "select '" + unlike_others + '\'', until);
    const auto rows = rows_of(handle, until);
    const MYSQL_ROW row = rows && mysql_num_fields(rows.get()) == 1 ? mysql_fetch_row(rows.get()) : nullptr;
    if (row != nullptr && row[0] != nullptr && row[0] == unlike_others && !mysql_more_results(handle)) return handle;
    ::shutdown(mysql_get_socket(handle), SHUT_RDWR);
    throw error{0, sqlstate::connection_failure, "the connection has an answer that nobody has read"};
}

/// The same as a consumer's own call, with the client's time-outs.
inline void execute(MYSQL* given, const std::string& sql) {
    MYSQL* const handle = standing(given);
    if (mysql_real_query(handle, sql.data(), sql.size()) != 0) throw error_of(handle);
    for (;;) {
        const result_owner rows{mysql_store_result(handle)};
        if (mysql_errno(handle) != 0) throw error_of(handle);
        if (!mysql_more_results(handle)) return;
        if (mysql_next_result(handle) != 0) throw error_of(handle);
    }
}

}  // namespace pooly::mysql::detail
