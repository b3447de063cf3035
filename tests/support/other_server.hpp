// SPDX-License-Identifier: MIT
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string_view>
#include <thread>

#include "support/process.hpp"

namespace pooly::test {

/// Something on a port that is not the server one looks for: says what it is told to, to one after the other.
class other_server {
public:
    enum class manner {
        silent,
        talks,  ///< once it was spoken to
        greets,
        hangs_up,  ///< once it was spoken to
    };

    explicit other_server(manner how, std::string_view words = {}) {
        listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof address;
        auto* const place = reinterpret_cast<sockaddr*>(&address);
        if (::bind(listener_, place, length) != 0 || ::listen(listener_, 8) != 0 ||
            ::getsockname(listener_, place, &length) != 0)
            fail_with_errno("listening");
        port_ = ntohs(address.sin_port);
        if (how == manner::silent) return;
        thread_ = std::thread{[this, how, words] {
            for (int peer = 0; (peer = ::accept(listener_, nullptr, nullptr)) >= 0; ::close(peer)) {
                std::array<char, 256> ignored{};
                if (how != manner::greets && ::recv(peer, ignored.data(), ignored.size(), 0) < 0) continue;
                if (how == manner::hangs_up) continue;
                if (::send(peer, words.data(), words.size(), MSG_NOSIGNAL) < 0) continue;
                while (::recv(peer, ignored.data(), ignored.size(), 0) > 0) continue;
            }
        }};
    }
    other_server(const other_server&) = delete;
    other_server& operator=(const other_server&) = delete;
    ~other_server() {
        ::shutdown(listener_, SHUT_RDWR);
        if (thread_.joinable()) thread_.join();
        ::close(listener_);
    }

    [[nodiscard]] int port() const noexcept { return port_; }

private:
    int listener_ = -1;
    int port_ = 0;
    std::thread thread_;
};

}  // namespace pooly::test
