// SPDX-License-Identifier: MIT
#pragma once

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include <pooly/detail/stop_token.hpp>

/// What several adapters share.
namespace pooly::adapters::detail {

using clock = std::chrono::steady_clock;

/// Never overflows, whatever the timeout.
[[nodiscard]] inline clock::time_point after(std::chrono::milliseconds timeout) noexcept {
    const auto now = clock::now();
    return timeout < clock::time_point::max() - now ? now + timeout : clock::time_point::max();
}

enum class wake { ready, late, stopped };

/// Waits until the socket is ready for `events` of poll(2), or something went wrong with it, which the client library's
/// next call will tell; `happened` says which, zero where there is no socket. A stop token is looked at every 10 ms:
/// waking a poll takes a pipe, and two descriptors for each connection that is being made are too dear for what hardly
/// ever happens.
[[nodiscard]] inline wake wait_for(int socket, short events, clock::time_point deadline,
                                   const pooly::detail::stop_token& stop = {}, short* happened = nullptr) noexcept {
    using std::chrono::milliseconds;
    const milliseconds slice = stop.stop_possible() ? milliseconds{10} : milliseconds{60'000};
    if (happened != nullptr) *happened = 0;
    while (true) {
        if (stop.stop_requested()) return wake::stopped;
        if (socket < 0) return wake::ready;  // poll() would ignore it and sleep
        // Rounded up, or the last millisecond would be spent spinning; and what is there counts, however late it is.
        const auto left = std::chrono::ceil<milliseconds>(deadline - clock::now());
        pollfd asked{socket, events, 0};
        const int found = ::poll(&asked, 1, static_cast<int>(std::clamp(left, milliseconds{0}, slice).count()));
        if (happened != nullptr) *happened = asked.revents;
        if (found > 0 || (found < 0 && errno != EINTR)) return wake::ready;
        if (clock::now() >= deadline) return wake::late;
    }
}

}  // namespace pooly::adapters::detail
