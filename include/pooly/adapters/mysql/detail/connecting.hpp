// SPDX-License-Identifier: MIT
#pragma once

#include <mysql.h>

#include <algorithm>
#include <chrono>
#include <climits>
#include <cstddef>
#include <new>
#include <string>

#include <pooly/adapters/detail/place.hpp>
#include <pooly/adapters/mysql/detail/conversation.hpp>
#include <pooly/adapters/mysql/detail/handle.hpp>
#include <pooly/adapters/mysql/detail/waiting.hpp>
#include <pooly/adapters/mysql/error.hpp>
#include <pooly/adapters/mysql/options.hpp>
#include <pooly/adapters/tcp_watch.hpp>
#include <pooly/create_context.hpp>

namespace pooly::mysql::detail {

[[nodiscard]] inline handle_owner new_handle() {
    static const int client_is_ready = mysql_server_init(0, nullptr, nullptr);  // once, since no two may at a time
    (void)client_is_ready;
    handle_owner handle{mysql_init(nullptr)};
    if (!handle) throw std::bad_alloc{};
    return handle;
}

/// Rounded up, and at least one.
[[nodiscard]] inline std::chrono::seconds whole_seconds_until(clock::time_point deadline) noexcept {
    using std::chrono::seconds;
    return std::clamp(std::chrono::ceil<seconds>(deadline - clock::now()), seconds{1}, seconds{INT_MAX});
}

inline void set_options(MYSQL* handle, const options& how, clock::time_point deadline) {
    // Those calls run on a stack of their own, on which names are resolved, and TLS is spoken.
    constexpr std::size_t stack = std::size_t{256} << 10U;
    mysql_options(handle, MYSQL_OPT_NONBLOCK, &stack);
    const unsigned protocol = how.unix_path.empty() ? MYSQL_PROTOCOL_TCP : MYSQL_PROTOCOL_SOCKET;
    mysql_options(handle, MYSQL_OPT_PROTOCOL, &protocol);
    mysql_options(handle, MYSQL_SET_CHARSET_NAME, how.character_set.c_str());
    const auto set_unless_off = [handle](mysql_option name, std::chrono::seconds given) {
        const auto seconds = static_cast<unsigned>(given.count());
        if (seconds != 0) mysql_options(handle, name, &seconds);
    };
    // For the handshake of TLS, in which it is the only limit, and whole seconds are all that it takes.
    set_unless_off(MYSQL_OPT_CONNECT_TIMEOUT, whole_seconds_until(deadline));
    set_unless_off(MYSQL_OPT_READ_TIMEOUT, how.read_timeout);
    set_unless_off(MYSQL_OPT_WRITE_TIMEOUT, how.write_timeout);
    if (how.prepare) how.prepare(handle);
    never_reconnect(handle);
}

[[noreturn]] inline void give_up(const error& told, const options& how, const patience& until) {
    const char* const what = until.woken == wake::stopped ? "gave up"
                             : until.woken == wake::late  ? "timed out"
                                                          : "failed";
    throw error{told.code(), told.sqlstate(),
                std::string{what} + " connecting to the MariaDB server at " +
                    adapters::detail::place(how.host, how.port, how.unix_path) + ": " + told.what()};
}

/// Connects. Throws `error`. Blocks: until the deadlines, but in the resolution of a host's name as long as the system
/// does.
[[nodiscard]] inline handle_owner connect(const options& how, const create_context& context) {
    patience until{.deadline = std::min(after(how.connect_timeout), context.deadline), .stop = context.stop};
    auto handle = new_handle();
    set_options(handle.get(), how, until.deadline);
    const auto or_null = [](const std::string& text) { return text.empty() ? nullptr : text.c_str(); };
    try {
        const MYSQL* const connected = run<MYSQL*>(
            handle.get(), until,
            [&](MYSQL** result) {
                return mysql_real_connect_start(
                    result, handle.get(), or_null(how.host), or_null(how.user), how.password.c_str(),
                    or_null(how.database), static_cast<unsigned>(how.port), or_null(how.unix_path), how.client_flags);
            },
            [&](MYSQL** result, int told) { return mysql_real_connect_cont(result, handle.get(), told); });
        if (connected == nullptr) throw error_of(handle.get());
        if (how.unix_path.empty()) adapters::detail::watch_over(mysql_get_socket(handle.get()), how.tcp);
        state_is_known(handle.get());
        if (!how.setup.empty()) ask(handle.get(), how.setup, until);
    } catch (const error& told) {
        give_up(told, how, until);
    }
    return handle;
}

}  // namespace pooly::mysql::detail
