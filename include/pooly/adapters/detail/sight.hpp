// SPDX-License-Identifier: MIT
#pragma once

#include <sys/socket.h>

#include <cerrno>

namespace pooly::adapters::detail {

enum class sight { silent, unread, ended };

/// Whether something came that nobody has read yet, or the end of the connection.
[[nodiscard]] inline sight look_at(int socket) noexcept {
    char first = 0;
    const auto found = ::recv(socket, &first, 1, MSG_PEEK | MSG_DONTWAIT);
    if (found > 0) return sight::unread;
    return found < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? sight::silent : sight::ended;
}

}  // namespace pooly::adapters::detail
