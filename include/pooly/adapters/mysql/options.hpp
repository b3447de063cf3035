// SPDX-License-Identifier: MIT
#pragma once

#include <mysql.h>

#include <chrono>
#include <functional>
#include <limits>
#include <string>

#include <pooly/adapters/detail/place.hpp>
#include <pooly/adapters/detail/refusing.hpp>
#include <pooly/adapters/tcp_watch.hpp>
#include <pooly/detail/refuse.hpp>

namespace pooly::mysql {

/// What one transaction sees of others.
enum class isolation_level {
    server_default,  ///< `tx_isolation`; repeatable read where nobody said otherwise
    read_uncommitted,
    read_committed,
    repeatable_read,
    serializable,
};

enum class access_mode {
    server_default,
    read_write,
    read_only,
};

/// What is done to a connection after use.
enum class reset_mode {
    reset_connection,  ///< `mysql_reset_connection`: nothing of the session stays
    rollback_only,     ///< an open transaction and `autocommit`; no round trip where neither is to be mended
};

/// How an idle connection is asked whether it is well.
enum class health_check {
    ping,         ///< `mysql_ping`, a round trip
    status_only,  ///< no round trip: sees a connection that was closed, but not a server that hangs
};

/// Where the server is, and how connections are made and kept, for designated initialisers.
struct options {
    /// Either a host and port, which is TCP also for `localhost`, or the path of a Unix socket. One host: the client
    /// takes a list with commas, but none of its names would be resolved by a deadline.
    std::string host = {};
    int port = 3306;
    std::string unix_path = {};

    std::string user = {};
    std::string password = {};
    std::string database = {};
    std::string character_set = "utf8mb4";
    /// `CLIENT_FOUND_ROWS`, `CLIENT_MULTI_STATEMENTS`, ...
    unsigned long client_flags = 0;
    /// A statement that is run on a new connection and after each reset: `set session sql_mode = 'ANSI'`.
    std::string setup = {};
    /// Called before connecting, for what else `mysql_options` can set: TLS, compression, option files.
    std::function<void(MYSQL*)> prepare = {};

    /// Of the transactions that the pool begins; any level but the server's default costs a round trip more.
    isolation_level isolation = isolation_level::server_default;
    access_mode access = access_mode::server_default;

    /// All by default: what the next consumer finds should not depend on the last one.
    reset_mode reset = reset_mode::reset_connection;
    health_check health = health_check::ping;

    /// All of connecting; the consumer's deadline counts too.
    std::chrono::milliseconds connect_timeout = std::chrono::seconds{5};
    /// A connection that does not answer its health check by then is dead. Short, since a consumer may be waiting.
    std::chrono::milliseconds health_timeout = std::chrono::seconds{1};
    /// The same for begin, rollback and reset.
    std::chrono::milliseconds reply_timeout = std::chrono::seconds{5};
    /// The same for commit, which may have work to do. What became of the transaction is then unknown (08007).
    std::chrono::milliseconds commit_timeout = std::chrono::seconds{30};
    /// Of the consumer's own calls, each time that the server is silent for so long, or takes nothing. 0 = for ever:
    /// there are statements that take their time, and `max_statement_time` for those that may not.
    std::chrono::seconds read_timeout = std::chrono::seconds{0};
    std::chrono::seconds write_timeout = std::chrono::seconds{0};

    adapters::tcp_watch tcp = {};

    /// Throws `std::invalid_argument` naming the first field that makes no sense.
    void validate() const {
        using adapters::detail::refuse_unless_known;
        using adapters::detail::refuse_unless_positive;
        using pooly::detail::refuse_zero_byte;
        adapters::detail::refuse_unless_one_place(host, port, unix_path);
        if (host.find(',') != host.npos) adapters::detail::refuse("host", "must be one, and no list", '"' + host + '"');
        refuse_zero_byte("user", user);
        refuse_zero_byte("password", password);
        refuse_zero_byte("database", database);
        refuse_zero_byte("character_set", character_set);
        refuse_unless_known("isolation", isolation, isolation_level::serializable, "is no isolation_level");
        refuse_unless_known("access", access, access_mode::read_only, "is no access_mode");
        refuse_unless_known("reset", reset, reset_mode::rollback_only, "is no reset_mode");
        refuse_unless_known("health", health, health_check::status_only, "is no health_check");
        if (character_set.empty()) pooly::detail::refuse("character_set", "must be given");
        refuse_unless_positive("connect_timeout", connect_timeout);
        refuse_unless_positive("health_timeout", health_timeout);
        refuse_unless_positive("reply_timeout", reply_timeout);
        refuse_unless_positive("commit_timeout", commit_timeout);
        constexpr std::chrono::seconds longest{std::numeric_limits<int>::max() / 1000};  // the client makes it ms
        adapters::detail::refuse_unless_countable("read_timeout", read_timeout, longest);
        adapters::detail::refuse_unless_countable("write_timeout", write_timeout, longest);
        tcp.validate();
    }
};

}  // namespace pooly::mysql
