// SPDX-License-Identifier: MIT
#pragma once

#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <system_error>

#include <pooly/adapters/detail/place.hpp>
#include <pooly/adapters/detail/resolving.hpp>
#include <pooly/adapters/redis/detail/conversation.hpp>
#include <pooly/adapters/redis/detail/handle.hpp>
#include <pooly/adapters/redis/detail/settling.hpp>
#include <pooly/adapters/redis/detail/verbs.hpp>
#include <pooly/adapters/redis/error.hpp>
#include <pooly/adapters/redis/options.hpp>
#include <pooly/create_context.hpp>

namespace pooly::redis::detail {

/// hiredis makes a context for calls that wait, or for such that do not; this one was for the second kind while its
/// connection came about.
inline void make_blocking(redisContext& context) {
    const int flags = ::fcntl(context.fd, F_GETFL);
    if (flags < 0 || ::fcntl(context.fd, F_SETFL, flags & ~O_NONBLOCK) != 0)
        throw error{failure::cannot_connect, std::generic_category().message(errno)};
    context.flags |= REDIS_BLOCK;
}

[[nodiscard]] inline handle_owner reach(const options& how, const patience& until) {
    const auto name = adapters::detail::resolve(how.host, until);
    switch (name.woken) {
        case wake::ready: break;
        case wake::late: throw error{failure::cannot_connect, "timed out waiting for the resolver of its name"};
        case wake::stopped: throw error{failure::cannot_connect, "gave up waiting for the resolver of its name"};
    }
    if (!name.failure.empty()) throw error{failure::cannot_connect, name.failure};
    handle_owner context{how.unix_path.empty() ? redisConnectNonBlock(how.host.c_str(), how.port)
                                               : redisConnectUnixNonBlock(how.unix_path.c_str())};
    if (!context) throw std::bad_alloc{};
    if (context->err != 0) throw error_of(*context, failure::cannot_connect);
    await(*context, POLLOUT, until);
    int told = 0;
    socklen_t length = sizeof told;
    if (::getsockopt(context->fd, SOL_SOCKET, SO_ERROR, &told, &length) != 0) told = errno;
    if (told != 0) throw error{failure::cannot_connect, std::generic_category().message(told)};
    make_blocking(*context);
    if (how.unix_path.empty()) adapters::detail::watch_over(context->fd, how.tcp);
    bound_commands(*context, how.command_timeout);
    return context;
}

/// Connects, and finds a Redis that is well. Throws `error`. Blocks: until the deadlines.
[[nodiscard]] inline handle_owner connect(const options& how, const create_context& context) {
    const patience until{.deadline = std::min(steady_deadline(how.connect_timeout), context.deadline),
                         .stop = context.stop};
    try {
        auto handle = reach(how, until);
        run(*handle, first_steps(how), until);
        return handle;
    } catch (const error& told) {
        throw error{failure::cannot_connect,
                    "cannot connect to the Redis server at " +
                        adapters::detail::place(how.host, how.port, how.unix_path) + ": " + told.what(),
                    told.prefix()};
    }
}

}  // namespace pooly::redis::detail
