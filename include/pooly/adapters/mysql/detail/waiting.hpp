// SPDX-License-Identifier: MIT
#pragma once

#include <fcntl.h>
#include <mysql.h>
#include <poll.h>
#include <sys/socket.h>

#include <pooly/adapters/detail/waiting.hpp>
#include <pooly/detail/clock_source.hpp>

namespace pooly::mysql::detail {

using adapters::detail::clock;
using adapters::detail::patience;
using adapters::detail::wake;
using pooly::detail::steady_deadline;

/// Waits for what one of the client's non-blocking calls wants to wait for, and returns what it is to be told.
[[nodiscard]] inline int await(MYSQL* handle, int wanted, const patience& until) noexcept {
    constexpr struct {
        int theirs;
        short ours;
    } kinds[] = {{MYSQL_WAIT_READ, POLLIN}, {MYSQL_WAIT_WRITE, POLLOUT}, {MYSQL_WAIT_EXCEPT, POLLPRI}};
    int events = 0;
    for (const auto& each : kinds)
        if ((wanted & each.theirs) != 0) events |= each.ours;
    short happened = 0;
    const auto woken =
        adapters::detail::wait_for(mysql_get_socket(handle), static_cast<short>(events), until, &happened);
    if (woken != wake::ready) return MYSQL_WAIT_TIMEOUT;
    int told = 0;
    for (const auto& each : kinds)
        if ((happened & each.ours) != 0) told |= each.theirs;
    return told != 0 ? told : wanted & ~MYSQL_WAIT_TIMEOUT;  // something went wrong: its next system call says what
}

/// For as long as it lives, a socket under TLS does not block: there the client's non-blocking calls wait in the system
/// as any other does.
class nonblocking_under_tls {
public:
    explicit nonblocking_under_tls(MYSQL* handle) noexcept : handle_{handle} {
        if (mysql_get_ssl_cipher(handle) == nullptr) return;
        socket_ = mysql_get_socket(handle);
        flags_ = ::fcntl(socket_, F_GETFL);
        ::fcntl(socket_, F_SETFL, flags_ | O_NONBLOCK);
    }
    nonblocking_under_tls(const nonblocking_under_tls&) = delete;
    nonblocking_under_tls& operator=(const nonblocking_under_tls&) = delete;
    ~nonblocking_under_tls() {
        // The client may have closed it, and somebody else have one of that number by now.
        if (socket_ >= 0 && mysql_get_socket(handle_) == socket_) ::fcntl(socket_, F_SETFL, flags_);
    }

private:
    MYSQL* handle_;
    int socket_ = -1;
    int flags_ = 0;
};

/// Runs one of the client's calls in its non-blocking form, `..._start` and `..._cont`, and returns what it returns.
/// When the time is up the client is told so, and the socket shut down, for under TLS it does not heed that: it ends
/// the connection, and the call as it sees fit.
template <class Result, class Start, class Continue>
[[nodiscard]] Result run(MYSQL* handle, const patience& until, Start start, Continue go_on) {
    const nonblocking_under_tls nonblocking{handle};
    Result result{};
    for (int wanted = start(&result); wanted != 0;) {
        const int told = await(handle, wanted, until);
        if (told == MYSQL_WAIT_TIMEOUT) ::shutdown(mysql_get_socket(handle), SHUT_RDWR);
        wanted = go_on(&result, told);
    }
    return result;
}

}  // namespace pooly::mysql::detail
