// SPDX-License-Identifier: MIT
#pragma once

#include <libpq-fe.h>
#include <signal.h>

#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "support/test_server.hpp"

namespace postgres_test {

using namespace pooly::test;

/// A PostgreSQL of its own, on a Unix socket and a port of the loopback. Everybody may enter but the user `locked`, who
/// has the password `sesame`.
class server : public test_server {
public:
    server() : server{{}} {}
    /// The settings are `name=value`; they win over those of every start.
    explicit server(std::vector<std::string> settings)
        : test_server{"data/postmaster.pid"}, settings_{std::move(settings)} {
        prepare_data();
        start();
    }
    /// A standby of another server, which follows it until it is promoted.
    explicit server(const server& primary) : test_server{"data/postmaster.pid"} {
        run({POOLY_TEST_POSTGRES_BINDIR "/pg_basebackup", "--pgdata", file("data"), "--host", primary.directory(),
             "--port", std::to_string(primary.port()), "--username=pooly", "--write-recovery-conf", "--checkpoint=fast",
             "--no-sync"});
        start();
    }
    ~server() { stop(); }

    /// One for all test cases of a run, since initdb takes seconds; each leaves it running.
    [[nodiscard]] static server& shared() {
        static server one;
        return one;
    }

    [[nodiscard]] std::string connection_string(const std::string& more = {}) const {
        return "host=" + directory() + " port=" + std::to_string(port()) + " user=pooly dbname=postgres " + more;
    }
    [[nodiscard]] std::string tcp_connection_string(const std::string& more = {}) const {
        return "host=127.0.0.1 port=" + std::to_string(port()) + " user=pooly dbname=postgres " + more;
    }

    /// Returns when it accepts connections.
    void start(int max_connections = 20) {
        const auto setting = [](const std::string& name, const std::string& value) { return name + '=' + value; };
        std::vector<std::string> words{POOLY_TEST_POSTGRES_BINDIR "/postgres", "-D", file("data")};
        for (const auto& each : {setting("port", std::to_string(port())), setting("listen_addresses", "127.0.0.1"),
                                 setting("unix_socket_directories", directory()), setting("fsync", "off"),
                                 setting("max_connections", std::to_string(max_connections)),
                                 setting("superuser_reserved_connections", "0"), setting("max_wal_senders", "2"),
                                 setting("shared_buffers", "4MB"), setting("dynamic_shared_memory_type", "mmap"),
                                 setting("autovacuum", "off"), setting("deadlock_timeout", "20ms")}) {
            words.emplace_back("-c");
            words.push_back(each);
        }
        for (const auto& each : settings_) {
            words.emplace_back("-c");
            words.push_back(each);
        }
        start_and_await(words, [&] { return PQping(connection_string().c_str()) == PQPING_OK; });
    }

    void stop() noexcept { stop_by(SIGQUIT); }

private:
    void prepare_data() {
        const auto data = file("data");
        run({POOLY_TEST_POSTGRES_BINDIR "/initdb", "--pgdata", data, "--username=pooly", "--auth=trust", "--no-sync",
             "--locale=C", "--encoding=UTF8", "--wal-segsize=1"});
        std::ofstream{data + "/pg_hba.conf"}
            << "local all locked scram-sha-256\nhost all locked samehost scram-sha-256\n"
               "local all all trust\nhost all all samehost trust\nlocal replication all trust\n";
    }

    std::vector<std::string> settings_;
};

/// A server that has room for few while this lives.
class crowded {
public:
    crowded(server& small, int max_connections) : small_{small} {
        small_.stop();
        small_.start(max_connections);
    }
    crowded(const crowded&) = delete;
    crowded& operator=(const crowded&) = delete;
    ~crowded() {
        small_.stop();
        small_.start();
    }

private:
    server& small_;
};

}  // namespace postgres_test
