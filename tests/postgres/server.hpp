// SPDX-License-Identifier: MIT
#pragma once

#include <libpq-fe.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <exception>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "postgres/guarded_directory.hpp"
#include "postgres/process.hpp"

namespace postgres_test {

/// A PostgreSQL of its own, on a Unix socket and a port of the loopback. Everybody may enter but the user `locked`, who
/// has the password `sesame`.
class server {
public:
    server() {
        who_.own(directory_.path());
        prepare_data();
        start();
    }
    server(const server&) = delete;
    server& operator=(const server&) = delete;
    ~server() { stop(); }

    /// One for all test cases of a run, since initdb takes seconds; each leaves it running.
    [[nodiscard]] static server& shared() {
        static server one;
        return one;
    }

    [[nodiscard]] std::string connection_string(const std::string& more = {}) const {
        return "host=" + directory_.path() + " port=" + std::to_string(port_) + " user=pooly dbname=postgres " + more;
    }
    [[nodiscard]] std::string tcp_connection_string(const std::string& more = {}) const {
        return "host=127.0.0.1 port=" + std::to_string(port_) + " user=pooly dbname=postgres " + more;
    }
    [[nodiscard]] int port() const noexcept { return port_; }
    [[nodiscard]] const std::string& directory() const noexcept { return directory_.path(); }

    /// Returns when it accepts connections.
    void start(int max_connections = 20) {
        if (port_ == 0) port_ = free_port();
        const auto setting = [](const std::string& name, const std::string& value) { return name + '=' + value; };
        std::vector<std::string> words{POOLY_TEST_POSTGRES_BINDIR "/postgres", "-D", directory_.file("data")};
        for (const auto& each : {setting("port", std::to_string(port_)), setting("listen_addresses", "127.0.0.1"),
                                 setting("unix_socket_directories", directory_.path()), setting("fsync", "off"),
                                 setting("max_connections", std::to_string(max_connections)),
                                 setting("superuser_reserved_connections", "0"), setting("max_wal_senders", "0"),
                                 setting("shared_buffers", "4MB"), setting("dynamic_shared_memory_type", "mmap"),
                                 setting("autovacuum", "off"), setting("deadlock_timeout", "20ms")}) {
            words.emplace_back("-c");
            words.push_back(each);
        }
        postmaster_ = start_program(words, who_, directory_.file("log"), directory_.path());
        await_start();
    }

    /// Ends all sessions and waits until it is gone.
    void stop() noexcept {
        if (postmaster_ < 0) return;
        thaw();
        ::kill(postmaster_, SIGQUIT);
        await_end();
    }

    /// As a power cut would.
    void kill() {
        kill_with_children(postmaster_);
        await_end();
        ::unlink(directory_.file("data/postmaster.pid").c_str());
    }

    /// Nothing answers any more, and nothing is closed, until `thaw()`.
    void freeze() {
        ::kill(postmaster_, SIGSTOP);
        for (const pid child : children_of(postmaster_)) ::kill(child, SIGSTOP);
        frozen_ = true;
    }
    void thaw() noexcept {
        if (!std::exchange(frozen_, false)) return;
        for (const pid child : children_of(postmaster_)) ::kill(child, SIGCONT);
        ::kill(postmaster_, SIGCONT);
    }

    [[nodiscard]] std::string log() const { return contents_of(directory_.file("log")); }

private:
    void prepare_data() {
        const auto data = directory_.file("data");
        run_program({POOLY_TEST_POSTGRES_BINDIR "/initdb", "--pgdata", data, "--username=pooly", "--auth=trust",
                     "--no-sync", "--locale=C", "--encoding=UTF8", "--wal-segsize=1"},
                    who_, directory_.file("initdb.log"), directory_.path());
        std::ofstream{data + "/pg_hba.conf"}
            << "local all locked scram-sha-256\nhost all locked samehost scram-sha-256\n"
               "local all all trust\nhost all all samehost trust\n";
    }

    void await_start() {
        const auto deadline = std::chrono::steady_clock::now() + 30s;
        while (true) {
            int status = 0;
            if (::waitpid(postmaster_, &status, WNOHANG) != 0) {
                postmaster_ = -1;
                throw std::runtime_error{"PostgreSQL does not start: " + log()};
            }
            if (PQping(connection_string().c_str()) == PQPING_OK) return;
            if (std::chrono::steady_clock::now() > deadline)
                throw std::runtime_error{"PostgreSQL does not answer: " + log()};
            std::this_thread::sleep_for(10ms);
        }
    }
    void await_end() noexcept {
        ::waitpid(postmaster_, nullptr, 0);
        postmaster_ = -1;
        frozen_ = false;
    }

    guarded_directory directory_;
    account who_ = account::for_servers();
    int port_ = 0;
    pid postmaster_ = -1;
    bool frozen_ = false;
};

/// A server that says nothing while this lives.
class frozen {
public:
    explicit frozen(server& asleep) : asleep_{asleep} { asleep_.freeze(); }
    frozen(const frozen&) = delete;
    frozen& operator=(const frozen&) = delete;
    ~frozen() { asleep_.thaw(); }

private:
    server& asleep_;
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

/// A server that is gone while this lives.
class dead {
public:
    explicit dead(server& gone) : gone_{gone} { gone_.kill(); }
    dead(const dead&) = delete;
    dead& operator=(const dead&) = delete;
    ~dead() {
        try {
            come_back();
        } catch (const std::exception& failure) {  // the next case will fail, too
            std::fprintf(stderr, "%s\n", failure.what());
        }
    }

    void come_back() {
        if (std::exchange(back_, true)) return;
        gone_.start();
    }

private:
    server& gone_;
    bool back_ = false;
};

}  // namespace postgres_test
