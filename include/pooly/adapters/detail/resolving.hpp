// SPDX-License-Identifier: MIT
#pragma once

#include <netdb.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <future>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include <pooly/adapters/detail/waiting.hpp>

namespace pooly::adapters::detail {

/// What `getaddrinfo` returns.
[[nodiscard]] inline int look_up(const std::string& host, int flags) noexcept {
    addrinfo hints{};
    hints.ai_flags = flags;
    addrinfo* found = nullptr;
    const int failed = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
    if (failed == 0) ::freeaddrinfo(found);
    return failed;
}

struct resolution {
    wake woken;
    std::string failure = {};  ///< why the name has no address, where it was asked about in time
};

/// Asks the system's resolver about the name of a host. No client's way to do that knows a deadline, nor does the
/// system's, so this asks on a thread of its own, which goes on without us where the time is up, and ends when the
/// resolver gives up. The client will ask again: a name that has no address is not for it, since what failed slowly
/// fails slowly again.
[[nodiscard]] inline resolution resolve(const std::string& host, const patience& until) {
    if (host.empty() || look_up(host, AI_NUMERICHOST) == 0) return {wake::ready};
    std::promise<int> asked;
    auto answered = asked.get_future();
    try {
        std::thread{[host, asked = std::move(asked)]() mutable { asked.set_value(look_up(host, 0)); }}.detach();
    } catch (const std::system_error& none) {
        return {wake::ready, "there is no thread to ask the resolver on: " + none.code().message()};
    }
    const auto woken = wait_for(answered, until);
    if (woken != wake::ready) return {woken};
    const int failed = answered.get();
    return {wake::ready, failed == 0 ? std::string{} : ::gai_strerror(failed)};
}

}  // namespace pooly::adapters::detail
