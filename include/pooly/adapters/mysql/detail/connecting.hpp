// SPDX-License-Identifier: MIT
#pragma once

#include <mysql.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <new>
#include <optional>
#include <string>

#include <pooly/adapters/detail/place.hpp>
#include <pooly/adapters/detail/resolving.hpp>
#include <pooly/adapters/mysql/detail/conversation.hpp>
#include <pooly/adapters/mysql/detail/handle.hpp>
#include <pooly/adapters/mysql/detail/time_limit.hpp>
#include <pooly/adapters/mysql/detail/waiting.hpp>
#include <pooly/adapters/mysql/error.hpp>
#include <pooly/adapters/mysql/options.hpp>
#include <pooly/adapters/tcp_watch.hpp>
#include <pooly/create_context.hpp>

namespace pooly::mysql::detail {

[[nodiscard]] inline handle_owner new_handle() {
    // Once, since no two may at a time.
    [[maybe_unused]] static const int client_is_ready = mysql_server_init(0, nullptr, nullptr);
    handle_owner handle{mysql_init(nullptr)};
    if (!handle) throw std::bad_alloc{};
    return handle;
}

inline void set_options(MYSQL* handle, const options& how, clock::time_point deadline) {
    // Those calls run on a stack of their own, on which names are resolved, and TLS is spoken.
    constexpr std::size_t stack = std::size_t{256} << 10U;
    mysql_options(handle, MYSQL_OPT_NONBLOCK, &stack);
    const unsigned protocol = how.unix_path.empty() ? MYSQL_PROTOCOL_TCP : MYSQL_PROTOCOL_SOCKET;
    mysql_options(handle, MYSQL_OPT_PROTOCOL, &protocol);
    mysql_options(handle, MYSQL_SET_CHARSET_NAME, how.character_set.c_str());
    using std::chrono::seconds;
    const auto set_seconds = [handle](mysql_option name, seconds given) {
        const auto count = static_cast<unsigned>(given.count());
        mysql_options(handle, name, &count);
    };
    const auto left = std::chrono::ceil<seconds>(deadline - clock::now());
    set_seconds(MYSQL_OPT_CONNECT_TIMEOUT, std::max(left, seconds{1}));  // 0 is for ever
    set_seconds(MYSQL_OPT_READ_TIMEOUT, how.read_timeout);
    set_seconds(MYSQL_OPT_WRITE_TIMEOUT, how.write_timeout);
    if (how.prepare) how.prepare(handle);
}

/// As prepared, or by an option file, which is read when connecting begins; the client's default since 3.4.
[[nodiscard]] inline bool asks_for_tls(const st_mysql_options& set) noexcept {
    return MARIADB_PACKAGE_VERSION_ID >= 30400 || set.use_ssl != 0 || set.ssl_key != nullptr ||
           set.ssl_cert != nullptr || set.ssl_ca != nullptr || set.ssl_capath != nullptr || set.ssl_cipher != nullptr ||
           (set.client_flag & CLIENT_SSL_VERIFY_SERVER_CERT) != 0;
}

[[noreturn]] inline void give_up(const error& told, const char* doing, const options& how, const patience& until) {
    const char* const what = until.stop.stop_requested()      ? "gave up"
                             : clock::now() >= until.deadline ? "timed out"
                                                              : "failed";
    throw error{told.code(), told.sqlstate(),
                std::string{what} + ' ' + doing + " the MariaDB server at " +
                    adapters::detail::place(how.host, how.port, how.unix_path) + ": " + told.what()};
}

/// Connects. Throws `error`. Blocks: until the deadlines.
[[nodiscard]] inline handle_owner connect(const options& how, const create_context& context) {
    const patience until{.deadline = std::min(steady_deadline(how.connect_timeout), context.deadline),
                         .stop = context.stop};
    const char* doing = "connecting to";
    auto handle = new_handle();
    const auto or_null = [](const std::string& text) { return text.empty() ? nullptr : text.c_str(); };
    try {
        const auto name = adapters::detail::resolve(how.host, until);
        if (name.woken != wake::ready) throw error{0, sqlstate::connection_failure, "its name is not resolved yet"};
        if (!name.failure.empty())
            throw error{code::unknown_host, "HY000", "Unknown server host '" + how.host + "' (" + name.failure + ')'};
        set_options(handle.get(), how, until.deadline);
        const MYSQL* const connected = run<MYSQL*>(
            handle.get(), until,
            [&](MYSQL** result) {
                return mysql_real_connect_start(
                    result, handle.get(), or_null(how.host), or_null(how.user), how.password.c_str(),
                    or_null(how.database), static_cast<unsigned>(how.port), or_null(how.unix_path), how.client_flags);
            },
            [&](MYSQL** result, int told) {
                std::optional<time_limit> limit;
                if (asks_for_tls(handle->options)) limit.emplace(handle.get(), until);
                return mysql_real_connect_cont(result, handle.get(), told);
            });
        if (connected == nullptr) throw error_of(handle.get());
        if (how.unix_path.empty()) adapters::detail::watch_over(mysql_get_socket(handle.get()), how.tcp);
        never_reconnect(handle.get());  // whatever an option file said
        state_is_known(handle.get());
        doing = "in setup on";
        if (!how.setup.empty()) ask(handle.get(), how.setup, until);
    } catch (const error& told) {
        give_up(told, doing, how, until);
    }
    return handle;
}

}  // namespace pooly::mysql::detail
