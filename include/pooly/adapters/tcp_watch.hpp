// SPDX-License-Identifier: MIT
#pragma once

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <chrono>

#include <pooly/adapters/detail/refusing.hpp>

namespace pooly::adapters {

/// How TCP finds out that the other end vanished, for designated initialisers. 0 = what the system does.
struct tcp_watch {
    /// TCP asks a peer that was silent for so long whether it is still there, this often, so many times; only then does
    /// a consumer's own call on a vanished host end. What the system does takes hours on Linux.
    std::chrono::seconds keepalives_idle = std::chrono::seconds{30};
    std::chrono::seconds keepalives_interval = std::chrono::seconds{10};
    int keepalives_count = 3;
    /// TCP waits so long for what it sent to be acknowledged.
    std::chrono::milliseconds user_timeout = std::chrono::seconds{30};

    /// Throws `std::invalid_argument` naming the first field that makes no sense.
    void validate() const {
        using detail::refuse_unless_countable;
        refuse_unless_countable("keepalives_idle", keepalives_idle);
        refuse_unless_countable("keepalives_interval", keepalives_interval);
        detail::refuse_negative("keepalives_count", keepalives_count);
        refuse_unless_countable("user_timeout", user_timeout);
    }
};

namespace detail {

/// A system that refuses, or a socket that is not TCP's, goes without.
inline void watch_over(int socket, const tcp_watch& how) noexcept {
    const auto set = [socket](int level, int name, long long given) {
        const auto value = static_cast<int>(given);
        (void)::setsockopt(socket, level, name, &value, sizeof value);
    };
    const auto set_unless_off = [&](int name, long long given) {
        if (given != 0) set(IPPROTO_TCP, name, given);
    };
    set(SOL_SOCKET, SO_KEEPALIVE, 1);
    set_unless_off(TCP_KEEPIDLE, how.keepalives_idle.count());
    set_unless_off(TCP_KEEPINTVL, how.keepalives_interval.count());
    set_unless_off(TCP_KEEPCNT, how.keepalives_count);
#ifdef TCP_USER_TIMEOUT
    set_unless_off(TCP_USER_TIMEOUT, how.user_timeout.count());
#endif
}

}  // namespace detail

}  // namespace pooly::adapters
