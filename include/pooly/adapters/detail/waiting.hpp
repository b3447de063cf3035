// SPDX-License-Identifier: MIT
#pragma once

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <future>

#include <pooly/detail/stop_token.hpp>

/// What several adapters share.
namespace pooly::adapters::detail {

using clock = std::chrono::steady_clock;

/// Until when something is waited for. A stop token matters only where a consumer waits for a new connection.
struct patience {
    clock::time_point deadline = clock::time_point::max();
    pooly::detail::stop_token stop = {};
};

enum class wake { ready, late, stopped };

/// A stop token is looked at so often: waking a poll takes a pipe, and two descriptors for each connection that is
/// being made are too dear for what hardly ever happens.
inline constexpr std::chrono::milliseconds stop_slice{10};

/// Waits until the socket is ready for `events` of poll(2), or something went wrong with it, which the client library's
/// next call will tell; `happened` says which, zero where there is no socket.
[[nodiscard]] inline wake wait_for(int socket, short events, const patience& until,
                                   short* happened = nullptr) noexcept {
    using std::chrono::milliseconds;
    const milliseconds slice = until.stop.stop_possible() ? stop_slice : milliseconds{60'000};
    if (happened != nullptr) *happened = 0;
    while (true) {
        if (until.stop.stop_requested()) return wake::stopped;
        if (socket < 0) return wake::ready;  // poll() would ignore it and sleep
        // Rounded up, or the last millisecond would be spent spinning; and what is there counts, however late it is.
        const auto left = std::chrono::ceil<milliseconds>(until.deadline - clock::now());
        pollfd asked{socket, events, 0};
        const int found = ::poll(&asked, 1, static_cast<int>(std::clamp(left, milliseconds{0}, slice).count()));
        if (happened != nullptr) *happened = asked.revents;
        if (found > 0 || (found < 0 && errno != EINTR)) return wake::ready;
        if (clock::now() >= until.deadline) return wake::late;
    }
}

/// The same for what another thread does.
template <class T>
[[nodiscard]] wake wait_for(const std::future<T>& done, const patience& until) {
    while (!until.stop.stop_requested()) {
        const auto now = clock::now();
        const auto look = until.stop.stop_possible() ? std::min(until.deadline, now + stop_slice) : until.deadline;
        if (done.wait_until(look) == std::future_status::ready) return wake::ready;
        if (clock::now() >= until.deadline) return wake::late;
    }
    return wake::stopped;
}

}  // namespace pooly::adapters::detail
