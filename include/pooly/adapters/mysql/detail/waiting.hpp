// SPDX-License-Identifier: MIT
#pragma once

#include <mysql.h>
#include <poll.h>

#include <pooly/adapters/detail/waiting.hpp>
#include <pooly/detail/stop_token.hpp>

namespace pooly::mysql::detail {

using adapters::detail::after;
using adapters::detail::clock;
using adapters::detail::wake;

/// Until when something is waited for. A stop token matters only where a consumer waits for a new connection.
struct patience {
    clock::time_point deadline = clock::time_point::max();
    pooly::detail::stop_token stop = {};
    wake woken = wake::ready;  // at last
};

/// Waits for what one of the client's non-blocking calls wants to wait for, and returns what it is to be told.
[[nodiscard]] inline int await(MYSQL* handle, int wanted, patience& until) noexcept {
    constexpr struct {
        int theirs;
        short ours;
    } kinds[] = {{MYSQL_WAIT_READ, POLLIN}, {MYSQL_WAIT_WRITE, POLLOUT}, {MYSQL_WAIT_EXCEPT, POLLPRI}};
    int events = 0;
    for (const auto& each : kinds)
        if ((wanted & each.theirs) != 0) events |= each.ours;
    short happened = 0;
    until.woken = adapters::detail::wait_for(mysql_get_socket(handle), static_cast<short>(events), until.deadline,
                                             until.stop, &happened);
    if (until.woken != wake::ready) return MYSQL_WAIT_TIMEOUT;
    int told = 0;
    for (const auto& each : kinds)
        if ((happened & each.ours) != 0) told |= each.theirs;
    return told != 0 ? told : wanted & ~MYSQL_WAIT_TIMEOUT;  // something went wrong: its next system call says what
}

/// Runs one of the client's calls in its non-blocking form, `..._start` and `..._cont`, and returns what it returns.
/// When the time is up the client is told so: it ends the connection, and the call as it sees fit.
template <class Result, class Start, class Continue>
[[nodiscard]] Result run(MYSQL* handle, patience& until, Start start, Continue go_on) {
    Result result{};
    for (int wanted = start(&result); wanted != 0;) wanted = go_on(&result, await(handle, wanted, until));
    return result;
}

}  // namespace pooly::mysql::detail
