// SPDX-License-Identifier: MIT
#pragma once

#include <libpq-fe.h>

#include <string>

#include <pooly/adapters/postgres/detail/conversation.hpp>
#include <pooly/adapters/postgres/detail/handle.hpp>
#include <pooly/adapters/postgres/detail/notice_handlers.hpp>
#include <pooly/adapters/postgres/detail/verbs.hpp>
#include <pooly/adapters/postgres/options.hpp>
#include <pooly/detail/refuse.hpp>
#include <pooly/worker_traits.hpp>

namespace pooly::postgres {

/// Owns a `PGconn*`, for libpq's own functions. Thread safety: one thread at a time, which is what a lease gives.
class connection {
public:
    /// Takes over an established connection; null makes a closed one. Of the options only those matter that are not
    /// about connecting. A notice receiver or processor that it has already should need no argument: a reset that
    /// puts it back gives it none.
    explicit connection(PGconn* handle, const options& how = {}) noexcept
        : handle_{handle}, how_{how}, notices_{handle} {}

    /// For libpq. Null when moved from.
    [[nodiscard]] PGconn* get() const noexcept { return handle_.get(); }

    /// Runs one or more statements to their end; rows are ignored. Throws `error`; those before the failing one are
    /// undone with it, since PostgreSQL makes a transaction of them, unless they end one themselves. A zero byte is
    /// `std::invalid_argument`.
    /// Blocks: as long as they take.
    void execute(const std::string& sql) {
        pooly::detail::refuse_zero_byte("sql", sql);
        detail::ask(get(), sql.c_str());
    }

private:
    friend struct pooly::worker_traits<connection>;

    detail::handle_owner handle_;
    options how_;
    detail::notice_handlers notices_;
};

}  // namespace pooly::postgres

/// Failures are `pooly::postgres::error`.
template <>
struct pooly::worker_traits<pooly::postgres::connection> {
    using connection = pooly::postgres::connection;

    [[nodiscard]] static bool healthy(connection& worker) {
        return postgres::detail::healthy(worker.get(), worker.how_);
    }
    static void reset(connection& worker) {
        worker.notices_.restore(worker.get());
        postgres::detail::reset(worker.get(), worker.how_);
    }
    static void begin(connection& worker) { postgres::detail::begin(worker.get(), worker.how_); }
    static void commit(connection& worker) { postgres::detail::commit(worker.get(), worker.how_); }
    static void rollback(connection& worker) { postgres::detail::rollback(worker.get(), worker.how_); }
};
