// SPDX-License-Identifier: MIT
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/process.hpp"

namespace pooly::test {

/// A port of the loopback on which nobody listens but who is told to: it is bound for as long as this lives, so that
/// the system gives it to no one else, also while its server is down. Servers, who set SO_REUSEADDR, may still listen.
class held_port {
public:
    held_port() : socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
        constexpr int on = 1;
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof address;
        auto* const place = reinterpret_cast<sockaddr*>(&address);
        if (::setsockopt(socket_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
            ::bind(socket_, place, length) != 0 || ::getsockname(socket_, place, &length) != 0)
            fail_with_errno("looking for a free port");
        number_ = ntohs(address.sin_port);
    }
    held_port(const held_port&) = delete;
    held_port& operator=(const held_port&) = delete;
    ~held_port() { ::close(socket_); }

    [[nodiscard]] int number() const noexcept { return number_; }

private:
    int socket_;
    int number_ = 0;
};

}  // namespace pooly::test
