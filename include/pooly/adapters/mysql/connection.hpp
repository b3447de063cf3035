// SPDX-License-Identifier: MIT
#pragma once

#include <mysql.h>

#include <string>
#include <utility>

#include <pooly/adapters/mysql/detail/conversation.hpp>
#include <pooly/adapters/mysql/detail/handle.hpp>
#include <pooly/adapters/mysql/detail/verbs.hpp>
#include <pooly/adapters/mysql/options.hpp>
#include <pooly/worker_traits.hpp>

namespace pooly::mysql {

/// Owns a `MYSQL*`, for the client's own functions. Thread safety: one thread at a time, which is what a lease gives.
class connection {
public:
    /// Takes over an established connection, which must have been made with `MYSQL_OPT_NONBLOCK`; null makes a closed
    /// one. Of the options those matter that are not about connecting; a reset restores what it is now.
    explicit connection(MYSQL* handle, options how)
        : handle_{handle}, how_{std::move(how)}, was_{detail::origin::of(handle)} {}

    /// For the client. Null when moved from.
    [[nodiscard]] MYSQL* get() const noexcept { return handle_.get(); }

    /// Runs a statement to its end; rows are ignored. Throws `error`.
    /// Blocks: as long as it takes, but no longer than the server is silent for `read_timeout`.
    void execute(const std::string& sql) { detail::execute(get(), sql); }

private:
    friend struct pooly::worker_traits<connection>;

    detail::handle_owner handle_;
    options how_;
    detail::origin was_;
};

}  // namespace pooly::mysql

/// Failures are `pooly::mysql::error`.
template <>
struct pooly::worker_traits<pooly::mysql::connection> {
    using connection = pooly::mysql::connection;

    [[nodiscard]] static bool healthy(connection& worker) { return mysql::detail::healthy(worker.get(), worker.how_); }
    static void reset(connection& worker) { mysql::detail::reset(worker.get(), worker.how_, worker.was_); }
    static void begin(connection& worker) { mysql::detail::begin(worker.get(), worker.how_); }
    static void commit(connection& worker) { mysql::detail::commit(worker.get(), worker.how_); }
    static void rollback(connection& worker) { mysql::detail::rollback(worker.get(), worker.how_); }
};
