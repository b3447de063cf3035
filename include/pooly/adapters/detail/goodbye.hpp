// SPDX-License-Identifier: MIT
#pragma once

#include <poll.h>
#include <sys/socket.h>

#include <pooly/adapters/detail/waiting.hpp>

namespace pooly::adapters::detail {

/// For a client that says goodbye to its server when it closes a connection, and would wait until there is room for
/// that: for as long as a server that hangs does not take what a consumer sent it. Where there is none now the socket,
/// if any, is shut down, and the client has nothing to wait for.
inline void make_goodbye_wait_for_nobody(int socket) noexcept {
    if (socket >= 0 && wait_for(socket, POLLOUT, {.deadline = clock::now()}) != wake::ready)
        ::shutdown(socket, SHUT_RDWR);
}

}  // namespace pooly::adapters::detail
