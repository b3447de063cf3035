// SPDX-License-Identifier: MIT
#pragma once

#include <mysql.h>
#include <sys/socket.h>

#include <string>

#include <pooly/adapters/detail/unique_word.hpp>
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

inline void query(MYSQL* handle, const std::string& sql, const patience& until) {
    const int failed = run<int>(
        handle, until, [&](int* result) { return mysql_real_query_start(result, handle, sql.data(), sql.size()); },
        [&](int* result, int told) { return mysql_real_query_cont(result, handle, told); });
    if (failed != 0) throw error_of(handle);
}

/// All that the last statement returned; null where it returns no rows.
[[nodiscard]] inline result_owner rows_of(MYSQL* handle, const patience& until) {
    if (mysql_field_count(handle) == 0) return nullptr;
    result_owner rows{run<MYSQL_RES*>(
        handle, until, [&](MYSQL_RES** result) { return mysql_store_result_start(result, handle); },
        [&](MYSQL_RES** result, int told) { return mysql_store_result_cont(result, handle, told); })};
    if (!rows) throw error_of(handle);
    return rows;
}

/// Runs one statement to its end, or several where the connection was made for that; rows are ignored. Throws the first
/// failure.
inline void ask(MYSQL* handle, const std::string& sql, const patience& until) {
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

/// What is said to the connection from here on would be answered by something else: nobody shall take that for his.
[[noreturn]] inline void give_up_out_of_step(MYSQL* handle) {
    ::shutdown(mysql_get_socket(handle), SHUT_RDWR);
    throw error{0, sqlstate::connection_failure, "the connection has an answer that nobody has read"};
}

[[nodiscard]] inline MYSQL_ROW next_row(MYSQL* handle, MYSQL_RES* rows, const patience& until) {
    const MYSQL_ROW row = run<MYSQL_ROW>(
        handle, until, [&](MYSQL_ROW* result) { return mysql_fetch_row_start(result, rows); },
        [&](MYSQL_ROW* result, int told) { return mysql_fetch_row_cont(result, rows, told); });
    if (row == nullptr && mysql_errno(handle) != 0) throw error_of(handle);
    return row;
}

/// What a server that does not track the session tells the client only when asked.
struct session_state {
    std::string database = {};  ///< empty where it is in none
    bool has_role = false;
};

/// A round trip, after which it is certain that what comes next is the answer to what is sent next, and how
/// a transaction stands. Asks for a word, for the database, and in MariaDB for the role: whatever the session has set,
/// the answer is one row of those bytes. Reads no further than the first row where it is another one, which may be
/// long.
inline session_state get_in_step(MYSQL* handle, const patience& until) {
    const auto word = adapters::detail::unique_word();
    query(handle, "select _binary'" + word + "', cast(database() as binary) /*M!100005 , current_role() */ limit 1",
          until);
    const result_owner rows{mysql_use_result(handle)};
    const MYSQL_ROW row = rows ? next_row(handle, rows.get(), until) : nullptr;
    if (row == nullptr || row[0] == nullptr || row[0] != word) give_up_out_of_step(handle);
    session_state told{.database = row[1] != nullptr ? row[1] : "",
                       .has_role = mysql_num_fields(rows.get()) == 3 && row[2] != nullptr};
    if (next_row(handle, rows.get(), until) != nullptr) give_up_out_of_step(handle);
    state_is_known(handle);
    return told;
}

/// The handle, where the client knows how a transaction stands, or learns it by a round trip. It trusts that every
/// answer was read: of two statements that were sent together nobody sees that the second one is under way.
[[nodiscard]] inline MYSQL* in_step(MYSQL* given, const patience& until) {
    MYSQL* const handle = standing(given);
    if (!knows_the_state(handle)) (void)get_in_step(handle, until);
    return handle;
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
