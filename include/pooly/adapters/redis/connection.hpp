// SPDX-License-Identifier: MIT
#pragma once

#include <hiredis/hiredis.h>

#include <concepts>
#include <string_view>
#include <utility>

#include <pooly/adapters/redis/detail/conversation.hpp>
#include <pooly/adapters/redis/detail/handle.hpp>
#include <pooly/adapters/redis/detail/verbs.hpp>
#include <pooly/adapters/redis/options.hpp>
#include <pooly/adapters/redis/reply.hpp>
#include <pooly/worker_traits.hpp>

namespace pooly::redis {

/// Owns a `redisContext*`, for hiredis' own functions. Thread safety: one thread at a time, which is what a lease
/// gives.
class connection {
public:
    /// Takes over an established connection, of hiredis' kind whose calls wait; null makes a closed one. Of the options
    /// those matter that are not about connecting.
    explicit connection(redisContext* handle, options how) noexcept : handle_{handle}, how_{std::move(how)} {}

    /// For hiredis. Null when moved from.
    [[nodiscard]] redisContext* get() const noexcept { return handle_.get(); }

    /// Runs one command, each of its words as it stands, whatever bytes are in it; returns what the server said to it.
    /// Throws `error` where that was no. Blocks: as long as it takes, and `command_timeout` at most.
    template <std::convertible_to<std::string_view>... Words>
    reply command(const Words&... each) {
        return detail::ask(get(), {std::string_view{each}...}, how_.command_timeout);
    }

    /// EXEC: what each command since MULTI came to. Throws `error`, also where nothing or not all was done.
    reply commit() { return detail::commit(get(), how_); }

private:
    friend struct pooly::worker_traits<connection>;

    detail::handle_owner handle_;
    options how_;
};

}  // namespace pooly::redis

/// Failures are `pooly::redis::error`.
template <>
struct pooly::worker_traits<pooly::redis::connection> {
    using connection = pooly::redis::connection;

    [[nodiscard]] static bool healthy(connection& worker) { return redis::detail::healthy(worker.get(), worker.how_); }
    static void reset(connection& worker) { redis::detail::reset(worker.get(), worker.how_); }
    static void begin(connection& worker) { redis::detail::begin(worker.get(), worker.how_); }
    static void commit(connection& worker) { (void)worker.commit(); }
    static void rollback(connection& worker) { redis::detail::rollback(worker.get(), worker.how_); }
};
