// SPDX-License-Identifier: MIT
#pragma once

#include <mysql.h>

#include <string>
#include <string_view>

#include <pooly/adapters/detail/sight.hpp>
#include <pooly/adapters/mysql/detail/conversation.hpp>
#include <pooly/adapters/mysql/detail/waiting.hpp>
#include <pooly/adapters/mysql/error.hpp>
#include <pooly/adapters/mysql/options.hpp>

/// What a pool asks of a connection, over the bare handle. Each throws `error`, by its own deadline.
namespace pooly::mysql::detail {

using adapters::detail::sight;

/// Who reads files for `load data local`; the client's own where that is null.
struct file_reader {
    decltype(st_mysql_options::local_infile_init) open = nullptr;
    decltype(st_mysql_options::local_infile_read) read = nullptr;
    decltype(st_mysql_options::local_infile_end) close = nullptr;
    decltype(st_mysql_options::local_infile_error) tell = nullptr;
    void* mine = nullptr;

    [[nodiscard]] static file_reader of(const st_mysql_options& set) noexcept {
        return {set.local_infile_init, set.local_infile_read, set.local_infile_end, set.local_infile_error,
                set.local_infile_userdata};
    }
    void restore(MYSQL* handle) const noexcept {
        mysql_set_local_infile_handler(handle, open, read, close, tell, mine);
    }
};

/// How a connection was when it came to us, as far as the client knows.
struct origin {
    unsigned long session = 0;
    std::string user = {};
    std::string database = {};
    std::string character_set = {};
    file_reader reader = {};
    bool autocommit = true;

    [[nodiscard]] static origin of(MYSQL* handle) {
        if (handle == nullptr) return {};
        return {mysql_thread_id(handle),
                text(handle->user),
                text(handle->db),
                mysql_character_set_name(handle),
                file_reader::of(handle->options),
                (handle->server_status & SERVER_STATUS_AUTOCOMMIT) != 0};
    }
    [[nodiscard]] static const char* text(const char* given) noexcept { return given != nullptr ? given : ""; }
};

/// What came unasked are the server's last words, or the end of the connection.
inline void refuse_unless_silent(MYSQL* handle) {
    if (adapters::detail::look_at(mysql_get_socket(handle)) != sight::silent)
        throw error{code::server_gone, sqlstate::connection_failure, "the connection to the MariaDB server is lost"};
}

/// Never says no without a reason.
[[nodiscard]] inline bool healthy(MYSQL* given, const options& how) {
    MYSQL* const handle = standing(given);
    refuse_unless_silent(handle);
    if (how.health == health_check::status_only) return true;
    const patience until{.deadline = steady_deadline(how.health_timeout)};
    const bool known = knows_the_state(handle);
    const int failed = run<int>(
        handle, until, [&](int* result) { return mysql_ping_start(result, handle); },
        [&](int* result, int told) { return mysql_ping_cont(result, handle, told); });
    if (failed != 0) throw error_of(handle);
    if (known) state_is_known(handle);  // a ping changes nothing
    return true;
}

/// As the server last said, of a connection that is in step.
[[nodiscard]] inline bool is_in_transaction(const MYSQL* handle) noexcept {
    return (handle->server_status & SERVER_STATUS_IN_TRANS) != 0;
}

[[nodiscard]] inline const char* isolation_statement(isolation_level isolation) noexcept {
    switch (isolation) {
        case isolation_level::server_default: break;
        case isolation_level::read_uncommitted: return "set transaction isolation level read uncommitted";
        case isolation_level::read_committed: return "set transaction isolation level read committed";
        case isolation_level::repeatable_read: return "set transaction isolation level repeatable read";
        case isolation_level::serializable: return "set transaction isolation level serializable";
    }
    return nullptr;
}

[[nodiscard]] inline const char* begin_statement(access_mode access) noexcept {
    switch (access) {
        case access_mode::server_default: break;
        case access_mode::read_write: return "start transaction read write";
        case access_mode::read_only: return "start transaction read only";
    }
    return "start transaction";
}

inline void begin(MYSQL* given, const options& how) {
    const patience until{.deadline = steady_deadline(how.reply_timeout)};
    MYSQL* const handle = in_step(given, until);
    if (is_in_transaction(handle))  // which the server would commit
        throw error{0, sqlstate::transaction_open, "a transaction is open already"};
    if (const char* const isolation = isolation_statement(how.isolation)) ask(handle, isolation, until);
    ask(handle, begin_statement(how.access), until);
}

/// The server says yes to a commit where there is nothing to commit, too: because of a deadlock, say, which has rolled
/// everything back. Whatever `completion_type` says, the session goes on, and without another transaction.
inline void commit(MYSQL* given, const options& how) {
    const patience until{.deadline = steady_deadline(how.reply_timeout)};
    MYSQL* const handle = standing(given);
    try {  // while it is certain that nothing was committed
        if (how.reset == reset_mode::reset_connection || !knows_the_state(handle)) (void)get_in_step(handle, until);
        refuse_unless_silent(handle);
    } catch (const error& failure) {
        if (!is_of_the_connection(failure.code())) throw;
        throw error{failure.code(), sqlstate::connection_failure, failure.what()};
    }
    if (!is_in_transaction(handle))
        throw error{0, sqlstate::no_transaction,
                    "no transaction is open: its work ended it by itself, or an error rolled it back"};
    try {
        ask(handle, "commit and no chain no release", {.deadline = steady_deadline(how.commit_timeout)});
    } catch (const error& failure) {
        if (!is_of_the_connection(failure.code())) throw;  // the server is there and said no
        throw error{failure.code(), sqlstate::outcome_unknown,
                    std::string{"nobody knows whether the transaction was committed: "} + failure.what()};
    }
}

inline void rollback(MYSQL* given, const patience& until) {
    MYSQL* const handle = in_step(given, until);
    if (is_in_transaction(handle)) ask(handle, "rollback and no chain no release", until);
}
inline void rollback(MYSQL* given, const options& how) {
    const patience until{.deadline = steady_deadline(how.reply_timeout)};
    rollback(given, until);
}

/// The session of the server, by a message that there is for it.
inline void reset_session(MYSQL* handle, const patience& until) {
    const int failed = run<int>(
        handle, until, [&](int* result) { return mysql_reset_connection_start(result, handle); },
        [&](int* result, int told) { return mysql_reset_connection_cont(result, handle, told); });
    if (failed != 0) throw error_of(handle);
    handle->server_status &= ~unsigned{SERVER_STATUS_IN_TRANS};  // the client does not look at what the answer says
    state_is_known(handle);
}

/// To what a new session has, which a reset of one leaves as it is.
inline void restore_role(MYSQL* handle, const patience& until) {
    query(handle,
          "select ifnull(max(concat('set role `', replace(role_name, '`', '``'), '`')), 'set role none') "
          "from information_schema.applicable_roles where is_default = 'YES'",
          until);
    const auto rows = rows_of(handle, until);
    const MYSQL_ROW row = rows ? mysql_fetch_row(rows.get()) : nullptr;
    if (row == nullptr || row[0] == nullptr) give_up_out_of_step(handle);
    ask(handle, row[0], until);
}

/// What a reset of the session leaves as it is, or what the client remembers of it.
inline void restore_place(MYSQL* handle, const origin& was, std::string_view database, const patience& until) {
    if (database != was.database) {
        if (was.database.empty())
            throw error{0, sqlstate::connection_failure, "the connection was given a database, which it cannot leave"};
        const int failed = run<int>(
            handle, until, [&](int* result) { return mysql_select_db_start(result, handle, was.database.c_str()); },
            [&](int* result, int told) { return mysql_select_db_cont(result, handle, told); });
        if (failed != 0) throw error_of(handle);
        state_is_known(handle);
    }
    if (was.character_set != mysql_character_set_name(handle)) {
        const int failed = run<int>(
            handle, until,
            [&](int* result) { return mysql_set_character_set_start(result, handle, was.character_set.c_str()); },
            [&](int* result, int told) { return mysql_set_character_set_cont(result, handle, told); });
        if (failed != 0) throw error_of(handle);
    }
}

inline void run_setup(MYSQL* handle, const std::string& setup, const patience& until) {
    try {
        if (!setup.empty()) ask(handle, setup, until);
    } catch (const error& told) {
        throw error{told.code(), told.sqlstate(), std::string{"in setup: "} + told.what()};
    }
}

inline void reset(MYSQL* given, const options& how, const origin& was) {
    const patience until{.deadline = steady_deadline(how.reply_timeout)};
    const bool all = how.reset == reset_mode::reset_connection;
    MYSQL* const handle = standing(given);
    was.reader.restore(handle);  // a consumer's own would be called with what is gone
    never_reconnect(handle);
    const auto left = all ? get_in_step(handle, until) : session_state{.database = origin::text(handle->db)};
    refuse_unless_silent(handle);
    if (was.session != mysql_thread_id(handle))
        throw error{0, sqlstate::connection_failure, "the connection was made anew by the client"};
    if (was.user != origin::text(handle->user))
        throw error{0, sqlstate::connection_failure, "the connection was given to another user"};
    rollback(handle, until);  // fails where one of two phases is prepared, of which a reset of the session says nothing
    if (all) {
        reset_session(handle, until);
        if (left.has_role) restore_role(handle, until);
    } else if (((handle->server_status & SERVER_STATUS_AUTOCOMMIT) != 0) != was.autocommit) {
        ask(handle, was.autocommit ? "set autocommit = 1" : "set autocommit = 0", until);
    }
    restore_place(handle, was, left.database, until);
    if (all) run_setup(handle, how.setup, until);
}

}  // namespace pooly::mysql::detail
