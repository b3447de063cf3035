// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>

#include <pooly/adapters/detail/refusing.hpp>

namespace pooly::postgres {

/// What one transaction sees of others.
enum class isolation_level {
    server_default,   ///< `default_transaction_isolation`
    read_committed,   ///< each statement has a snapshot of its own
    repeatable_read,  ///< one snapshot for all; a conflicting write is SQLSTATE 40001
    serializable,     ///< as if one after the other, or SQLSTATE 40001
};

enum class access_mode {
    server_default,  ///< `default_transaction_read_only`
    read_write,
    read_only,
};

/// What is done to a connection after use, once an open transaction is rolled back.
enum class reset_mode {
    discard_all,    ///< `DISCARD ALL`: nothing of the session stays
    keep_prepared,  ///< the same, but prepared statements and cached plans stay
    rollback_only,  ///< nothing else, and no round trip where no transaction is open
};

/// How an idle connection is asked whether it is well.
enum class health_check {
    empty_query,  ///< a round trip that makes the server do nothing
    select_1,     ///< one that makes it run a statement, for proxies that answer an empty query themselves
    status_only,  ///< no round trip: sees a connection that was closed, but not a server that hangs
};

/// How connections are made and kept, for designated initialisers. What is in the connection string wins.
struct options {
    /// Of the transactions that the pool begins; one that wants another says `set transaction ...` first.
    isolation_level isolation = isolation_level::server_default;
    access_mode access = access_mode::server_default;
    /// Waits at its begin for a snapshot that no serialization failure can touch; serializable and read only.
    bool deferrable = false;

    /// All by default: what the next consumer finds should not depend on the last one.
    reset_mode reset = reset_mode::discard_all;
    health_check health = health_check::empty_query;
    /// Runs a query on a new connection, too. For what lets one connect and then has no server, as PgBouncer does: it
    /// would be a worker that dies, and should be a backend that is down.
    bool check_on_create = false;

    /// All of connecting; the consumer's deadline counts too, and `connect_timeout` of the connection string.
    std::chrono::milliseconds connect_timeout = std::chrono::seconds{5};
    /// A connection that does not answer its health check by then is dead. Short, since a consumer may be waiting.
    std::chrono::milliseconds health_timeout = std::chrono::seconds{1};
    /// The same for begin, rollback and reset.
    std::chrono::milliseconds reply_timeout = std::chrono::seconds{5};
    /// The same for commit, which may have work to do. What became of the transaction is then unknown (08007).
    std::chrono::milliseconds commit_timeout = std::chrono::seconds{30};

    /// TCP asks a peer that was silent for so long whether it is still there, this often, so many times; only then does
    /// a consumer's own query on a vanished host end. 0 = what the system does, which takes hours on Linux.
    std::chrono::seconds keepalives_idle = std::chrono::seconds{30};
    std::chrono::seconds keepalives_interval = std::chrono::seconds{10};
    int keepalives_count = 3;
    /// TCP waits so long for what it sent to be acknowledged. 0 = what the system does.
    std::chrono::milliseconds tcp_user_timeout = std::chrono::seconds{30};

    /// Throws `std::invalid_argument` naming the first field that makes no sense.
    void validate() const {
        using adapters::detail::exactly;
        using adapters::detail::refuse_unless_countable;
        using adapters::detail::refuse_unless_known;
        using adapters::detail::refuse_unless_positive;
        refuse_unless_known("isolation", isolation, isolation_level::serializable, "is no isolation_level");
        refuse_unless_known("access", access, access_mode::read_only, "is no access_mode");
        if (deferrable && (isolation != isolation_level::serializable || access != access_mode::read_only))
            adapters::detail::refuse(
                "deferrable", "needs isolation serializable and access read_only; PostgreSQL ignores it otherwise",
                "isolation " + exactly(isolation) + " and access " + exactly(access));
        refuse_unless_known("reset", reset, reset_mode::rollback_only, "is no reset_mode");
        refuse_unless_known("health", health, health_check::status_only, "is no health_check");
        refuse_unless_positive("connect_timeout", connect_timeout);
        refuse_unless_positive("health_timeout", health_timeout);
        refuse_unless_positive("reply_timeout", reply_timeout);
        refuse_unless_positive("commit_timeout", commit_timeout);
        refuse_unless_countable("keepalives_idle", keepalives_idle);
        refuse_unless_countable("keepalives_interval", keepalives_interval);
        adapters::detail::refuse_negative("keepalives_count", keepalives_count);
        refuse_unless_countable("tcp_user_timeout", tcp_user_timeout);
    }
};

/// For a pool whose connections go through PgBouncer with `pool_mode = transaction`: consecutive transactions then run
/// in whatever session is free, so there is no session to clean. Consumers must leave nothing in one either: no `set`
/// but `set local`, no `listen`, no advisory lock of the session, no temporary table, and before PgBouncer 1.21 no
/// prepared statement.
///
///     pooly::pool db{pooly::postgres::factory{"host=bouncer dbname=app",
///                                             pooly::postgres::behind_pgbouncer({.access = access_mode::read_only})}};
[[nodiscard]] inline options behind_pgbouncer(options how = {}) noexcept {
    how.reset = reset_mode::rollback_only;
    how.health = health_check::select_1;  // goes through to a server for certain
    how.check_on_create = true;
    return how;
}

}  // namespace pooly::postgres
