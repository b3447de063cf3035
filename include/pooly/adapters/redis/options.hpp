// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <string>

#include <pooly/adapters/detail/place.hpp>
#include <pooly/adapters/detail/timeouts.hpp>
#include <pooly/adapters/tcp_watch.hpp>
#include <pooly/detail/refuse.hpp>

namespace pooly::redis {

/// What is done to a connection after use.
enum class reset_mode {
    reset_command,  ///< `RESET` (Redis 6.2), then AUTH, SELECT and the name anew, in one round trip: nothing stays
    piecemeal,      ///< one by one, for older servers and for proxies: DISCARD, UNSUBSCRIBE, UNWATCH, SELECT, the name
    nothing,        ///< no round trip, for consumers that leave nothing behind; what can be seen from here is looked at
};

/// How an idle connection is asked whether it is well.
enum class health_check {
    ping,         ///< a round trip; a server that answers LOADING, MASTERDOWN or NOAUTH is not well
    status_only,  ///< no round trip: sees a connection that was closed, but not a server that hangs
};

/// Where the server is, and how connections are made and kept, for designated initialisers.
struct options {
    /// Either a host and port, or the path of a Unix socket.
    std::string host = {};
    int port = 6379;
    std::string unix_path = {};

    /// With a user name as Redis 6 has it; without one, the password is that of the user `default`.
    std::string username = {};
    std::string password = {};
    int database = 0;
    /// What `CLIENT LIST` shows.
    std::string client_name = {};

    /// All by default: what the next consumer finds should not depend on the last one.
    reset_mode reset = reset_mode::reset_command;
    health_check health = health_check::ping;

    /// All of connecting; the consumer's deadline counts too. But the resolution of a host's name ends when the
    /// system's resolver gives up, which no deadline of ours shortens: resolv.conf says when, or give the address.
    std::chrono::milliseconds connect_timeout = std::chrono::seconds{5};
    /// A connection that does not answer its health check by then is dead. Short, since a consumer may be waiting.
    std::chrono::milliseconds health_timeout = std::chrono::seconds{1};
    /// The same for MULTI, DISCARD and reset.
    std::chrono::milliseconds reply_timeout = std::chrono::seconds{5};
    /// The same for EXEC, which may have work to do. What became of the transaction is then unknown.
    std::chrono::milliseconds exec_timeout = std::chrono::seconds{30};
    /// Of the consumer's own calls, each time that the server is silent for so long. 0 = for ever: for `BLPOP key 0`,
    /// subscribers, and whoever else waits on purpose.
    std::chrono::milliseconds command_timeout = std::chrono::seconds{5};

    adapters::tcp_watch tcp = {};

    /// Throws `std::invalid_argument` naming the first field that makes no sense.
    void validate() const {
        using pooly::detail::refuse;
        adapters::detail::refuse_unless_one_place(host, port, unix_path);
        if (!username.empty() && password.empty()) refuse("username", "needs a password");
        if (database < 0) refuse("database", "must not be negative");
        if (reset < reset_mode::reset_command || reset > reset_mode::nothing) refuse("reset", "is no reset_mode");
        if (health < health_check::ping || health > health_check::status_only) refuse("health", "is no health_check");
        using adapters::detail::refuse_unless_positive;
        refuse_unless_positive("connect_timeout", connect_timeout);
        refuse_unless_positive("health_timeout", health_timeout);
        refuse_unless_positive("reply_timeout", reply_timeout);
        refuse_unless_positive("exec_timeout", exec_timeout);
        adapters::detail::refuse_unless_countable("command_timeout", command_timeout.count());
        tcp.validate();
    }
};

}  // namespace pooly::redis
