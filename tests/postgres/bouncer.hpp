// SPDX-License-Identifier: MIT
#pragma once

#include <libpq-fe.h>
#include <signal.h>
#include <sys/wait.h>

#include <chrono>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>

#include "postgres/server.hpp"

namespace postgres_test {

/// A PgBouncer before a server, which shares a few sessions among all clients, transaction by transaction.
class bouncer {
public:
    [[nodiscard]] static bool is_installed() { return *program != '\0'; }

    explicit bouncer(const server& behind, int sessions = 2) {
        const auto file = [&](const char* name) { return behind.directory() + "/bouncer." + name; };
        std::ofstream{file("ini")} << "[databases]\npostgres = host=" << behind.directory() << " port=" << behind.port()
                                   << " user=pooly\n[pgbouncer]\npool_mode = transaction\ndefault_pool_size = "
                                   << sessions << "\n"
                                   << "listen_addr = 127.0.0.1\nlisten_port = " << port_.number()
                                   << "\nunix_socket_dir =\nauth_type = any\nserver_login_retry = 0\n";
        process_ = start_program({program, file("ini")}, account::for_servers(), file("log"), behind.directory());
        const auto deadline = std::chrono::steady_clock::now() + 10s;
        while (PQping(connection_string().c_str()) != PQPING_OK) {
            if (std::chrono::steady_clock::now() > deadline)
                throw std::runtime_error{"PgBouncer does not answer: " + contents_of(file("log"))};
            std::this_thread::sleep_for(10ms);
        }
    }
    bouncer(const bouncer&) = delete;
    bouncer& operator=(const bouncer&) = delete;
    ~bouncer() {
        ::kill(process_, SIGKILL);
        ::waitpid(process_, nullptr, 0);
    }

    [[nodiscard]] std::string connection_string() const {
        return "host=127.0.0.1 user=anybody dbname=postgres port=" + std::to_string(port_.number());
    }

private:
    static constexpr const char* program = POOLY_TEST_PGBOUNCER;

    held_port port_;
    pid process_ = -1;
};

}  // namespace postgres_test
