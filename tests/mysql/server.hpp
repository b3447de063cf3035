// SPDX-License-Identifier: MIT
#pragma once

#include <signal.h>

#include <string>
#include <utility>
#include <vector>

#include <pooly/adapters/mysql.hpp>

#include "support/test_server.hpp"

namespace mysql_test {

using namespace pooly::test;
using pooly::mysql::connection;
using pooly::mysql::options;

/// A MariaDB of its own, on a Unix socket and a port of the loopback. `root` may enter without a password, and is the
/// only one who may.
class server : public test_server {
public:
    server() : test_server{"pid"} {
        auto words = settings(POOLY_TEST_MARIADB_INSTALL_DB);
        words.insert(words.end(), {"--auth-root-authentication-method=normal", "--skip-test-db"});
        run(words);
        if (speaks_tls())
            run({POOLY_TEST_OPENSSL, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                 "-subj", "/CN=127.0.0.1", "-days", "2", "-keyout", file("key.pem"), "-out", file("cert.pem")});
        start();
        connect_to_no_database().execute("create database app; create database other");
    }
    ~server() { stop_by(SIGKILL); }

    /// One for all test cases of a run, since its preparation takes seconds; each leaves it running.
    [[nodiscard]] static server& shared() {
        static server one;
        return one;
    }

    /// Whether there was a program to make a certificate with.
    [[nodiscard]] static bool speaks_tls() noexcept { return *POOLY_TEST_OPENSSL != '\0'; }

    /// How to get there as `root`, with what else is wanted.
    [[nodiscard]] options by_socket(options more = {}) const {
        more.unix_path = file("socket");
        return as_root(more);
    }
    [[nodiscard]] options by_tcp(options more = {}) const {
        more.host = "127.0.0.1";
        more.port = port();
        return as_root(more);
    }

    [[nodiscard]] options by_tls(options more = {}) const {
        more.prepare = [](MYSQL* handle) {
            const my_bool on = 1;
            mysql_options(handle, MYSQL_OPT_SSL_ENFORCE, &on);
        };
        return by_tcp(std::move(more));
    }

    /// Returns when it answers.
    void start() {
        auto words = settings(POOLY_TEST_MARIADBD);
        words.insert(words.end(),
                     {"--port=" + std::to_string(port()), "--bind-address=127.0.0.1", "--socket=" + file("socket"),
                      "--pid-file=" + file("pid"), "--skip-log-bin", "--innodb-flush-log-at-trx-commit=2",
                      "--innodb-buffer-pool-dump-at-shutdown=OFF", "--innodb-buffer-pool-load-at-startup=OFF",
                      "--innodb-deadlock-detect=ON", "--max-connections=50"});
        if (speaks_tls()) {
            words.push_back("--ssl-cert=" + file("cert.pem"));
            words.push_back("--ssl-key=" + file("key.pem"));
        }
        start_and_await(words, [&] {
            try {
                (void)connect_to_no_database();
                return true;
            } catch (const pooly::mysql::error&) {
                return false;
            }
        });
    }

private:
    /// Small, and so fast to make and to recover.
    [[nodiscard]] std::vector<std::string> settings(const std::string& program) const {
        return {program,
                "--no-defaults",
                "--datadir=" + file("data"),
                "--tmpdir=" + directory(),  // a server that starts clears its one
                "--skip-name-resolve",
                "--performance-schema=OFF",
                "--innodb-buffer-pool-size=8M",
                "--innodb-log-file-size=4M",
                "--innodb-data-file-path=ibdata1:4M:autoextend",
                "--innodb-temp-data-file-path=ibtmp1:4M:autoextend",
                "--innodb-fast-shutdown=3",
                "--aria-pagecache-buffer-size=1M",
                "--key-buffer-size=1M"};
    }

    [[nodiscard]] static options as_root(options more) {
        if (more.user.empty()) more.user = "root";
        if (more.database.empty()) more.database = "app";
        return more;
    }

    [[nodiscard]] connection connect_to_no_database() const {
        return pooly::mysql::connect(
            {.unix_path = file("socket"), .user = "root", .client_flags = CLIENT_MULTI_STATEMENTS});
    }
};

}  // namespace mysql_test
