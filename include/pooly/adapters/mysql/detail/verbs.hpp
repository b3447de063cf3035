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

/// How a connection was when it came to us.
struct origin {
    std::string user = {};
    std::string character_set = {};
    bool autocommit = true;

    [[nodiscard]] static origin of(MYSQL* handle) {
        if (handle == nullptr) return {};
        return {user_of(handle), mysql_character_set_name(handle),
                (handle->server_status & SERVER_STATUS_AUTOCOMMIT) != 0};
    }
    [[nodiscard]] static const char* user_of(const MYSQL* handle) noexcept {
        return handle->user != nullptr ? handle->user : "";
    }
};

/// What came unasked are the server's last words, or the end of the connection.
inline void refuse_unless_silent(MYSQL* handle) {
    if (adapters::detail::look_at(mysql_get_socket(handle)) != sight::silent)
        throw error{code::server_gone, sqlstate::connection_failure, "the connection to the MariaDB server is lost"};
}

[[nodiscard]] inline bool healthy(MYSQL* given, const options& how) {
    MYSQL* const handle = standing(given);
    if (adapters::detail::look_at(mysql_get_socket(handle)) != sight::silent) return false;
    if (how.health == health_check::status_only) return true;
    patience until{.deadline = after(how.health_timeout)};
    const bool known = knows_the_state(handle);
    const bool answers = run<int>(
                             handle, until, [&](int* result) { return mysql_ping_start(result, handle); },
                             [&](int* result, int told) { return mysql_ping_cont(result, handle, told); }) == 0;
    if (answers && known) state_is_known(handle);  // a ping changes nothing
    return answers;
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
    patience until{.deadline = after(how.reply_timeout)};
    MYSQL* const handle = in_step(given, until);
    if (is_in_transaction(handle))  // which the server would commit
        throw error{0, sqlstate::transaction_open, "a transaction is open already"};
    if (const char* const isolation = isolation_statement(how.isolation)) ask(handle, isolation, until);
    ask(handle, begin_statement(how.access), until);
}

/// The server says yes to a commit where there is nothing to commit, too: because of a deadlock, say, which has rolled
/// everything back.
inline void commit(MYSQL* given, const options& how) {
    patience until{.deadline = after(how.reply_timeout)};
    MYSQL* const handle = in_step(given, until);
    refuse_unless_silent(handle);  // while it is certain that nothing was committed
    if (!is_in_transaction(handle))
        throw error{0, sqlstate::no_transaction,
                    "no transaction is open: its work ended it by itself, or an error rolled it back"};
    try {
        patience longer{.deadline = after(how.commit_timeout)};
        ask(handle, "commit", longer);
    } catch (const error& failure) {
        if (!is_of_the_connection(failure.code())) throw;  // the server is there and said no
        throw error{failure.code(), sqlstate::outcome_unknown,
                    std::string{"nobody knows whether the transaction was committed: "} + failure.what()};
    }
}

inline void rollback(MYSQL* given, patience& until) {
    MYSQL* const handle = in_step(given, until);
    if (is_in_transaction(handle)) ask(handle, "rollback", until);
}
inline void rollback(MYSQL* given, const options& how) {
    patience until{.deadline = after(how.reply_timeout)};
    rollback(given, until);
}

/// The session of the server, by a message that there is for it.
inline void reset_session(MYSQL* handle, const options& how, patience& until) {
    const int failed = run<int>(
        handle, until, [&](int* result) { return mysql_reset_connection_start(result, handle); },
        [&](int* result, int told) { return mysql_reset_connection_cont(result, handle, told); });
    if (failed != 0) throw error_of(handle);
    handle->server_status &= ~unsigned{SERVER_STATUS_IN_TRANS};  // the client does not look at what the answer says
    state_is_known(handle);
    if (!how.setup.empty()) ask(handle, how.setup, until);
}

/// What a reset of the session leaves as it is, or what the client remembers of it.
inline void restore_place(MYSQL* handle, const options& how, const origin& was, patience& until) {
    if (was.user != origin::user_of(handle))
        throw error{0, sqlstate::connection_failure, "the connection was given to another user"};
    const std::string_view database = handle->db != nullptr ? handle->db : "";
    if (database != how.database) {
        if (how.database.empty())
            throw error{0, sqlstate::connection_failure, "the connection was given a database, which it cannot leave"};
        const int failed = run<int>(
            handle, until, [&](int* result) { return mysql_select_db_start(result, handle, how.database.c_str()); },
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

inline void reset(MYSQL* given, const options& how, const origin& was) {
    patience until{.deadline = after(how.reply_timeout)};
    MYSQL* const handle = in_step(given, until);
    refuse_unless_silent(handle);
    mysql_set_local_infile_default(handle);  // a consumer's own would be called with what is gone
    never_reconnect(handle);
    if (how.reset == reset_mode::reset_connection) {
        reset_session(handle, how, until);
    } else {
        rollback(handle, until);
        if (((handle->server_status & SERVER_STATUS_AUTOCOMMIT) != 0) != was.autocommit)
            ask(handle, was.autocommit ? "set autocommit = 1" : "set autocommit = 0", until);
    }
    restore_place(handle, how, was, until);
}

}  // namespace pooly::mysql::detail
