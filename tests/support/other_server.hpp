// SPDX-License-Identifier: MIT
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <semaphore>
#include <string>
#include <thread>
#include <utility>

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
        dribbles,  ///< greets, and once it was spoken to begins a handshake of TLS that does not come to its end
    };

    explicit other_server(manner how, std::string words = {}) {
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
        thread_ = std::thread{[this, how, words = std::move(words)] {
            for (int peer = 0; (peer = ::accept(listener_, nullptr, nullptr)) >= 0; ::close(peer)) {
                std::array<char, 256> ignored{};
                if (how != manner::greets && how != manner::dribbles &&
                    ::recv(peer, ignored.data(), ignored.size(), 0) < 0)
                    continue;
                if (how == manner::hangs_up) continue;
                if (::send(peer, words.data(), words.size(), MSG_NOSIGNAL) < 0) continue;
                if (how == manner::dribbles) dribble(peer);
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

    /// Returns when a handshake of TLS was begun that does not come to its end.
    void await_handshake() { handshakes_.acquire(); }

private:
    /// The first of a record of 16 kB, byte by byte.
    void dribble(int peer) {
        std::array<char, 256> said{};
        (void)::recv(peer, said.data(), said.size(), 0);
        handshakes_.release();
        (void)::send(peer, "\x16\x03\x03\x40", 4, MSG_NOSIGNAL);
        while (::recv(peer, said.data(), said.size(), MSG_DONTWAIT) != 0 && ::send(peer, "", 1, MSG_NOSIGNAL) == 1)
            std::this_thread::sleep_for(std::chrono::milliseconds{20});
    }

    int listener_ = -1;
    int port_ = 0;
    std::counting_semaphore<> handshakes_{0};
    std::thread thread_;
};

}  // namespace pooly::test
