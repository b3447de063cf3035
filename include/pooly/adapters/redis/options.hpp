// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <string>

#include <pooly/adapters/detail/place.hpp>
#include <pooly/adapters/detail/refusing.hpp>
#include <pooly/adapters/tcp_watch.hpp>

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

    /// All of connecting; the consumer's deadline counts too.
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
        using adapters::detail::refuse_unless_known;
        using adapters::detail::refuse_unless_positive;
        adapters::detail::refuse_unless_one_place(host, port, unix_path);
        if (!username.empty() && password.empty())
            adapters::detail::refuse("username", "needs a password", '"' + username + '"');
        adapters::detail::refuse_negative("database", database);
        refuse_unless_known("reset", reset, reset_mode::nothing, "is no reset_mode");
        refuse_unless_known("health", health, health_check::status_only, "is no health_check");
        refuse_unless_positive("connect_timeout", connect_timeout);
        refuse_unless_positive("health_timeout", health_timeout);
        refuse_unless_positive("reply_timeout", reply_timeout);
        refuse_unless_positive("exec_timeout", exec_timeout);
        adapters::detail::refuse_unless_countable("command_timeout", command_timeout);
        tcp.validate();
    }
};

}  // namespace pooly::redis
