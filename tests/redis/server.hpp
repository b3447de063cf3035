// SPDX-License-Identifier: MIT
#pragma once

#include <signal.h>

#include <string>

#include <pooly/adapters/redis.hpp>

#include "support/test_server.hpp"

namespace redis_test {

using namespace pooly::test;
using pooly::redis::connection;
using pooly::redis::options;

/// A Redis of its own, on a Unix socket and a port of the loopback, which remembers what it has acknowledged. Everybody
/// may enter; the user `guest` has the password `sesame`, and may do nothing but PING and what every pool needs.
class server : public test_server {
public:
    server() : test_server{"pid"} { start(); }
    ~server() { stop_by(SIGKILL); }

    /// One for all test cases of a run; each leaves it running.
    [[nodiscard]] static server& shared() {
        static server one;
        return one;
    }

    /// How to get there, with what else is wanted.
    [[nodiscard]] options by_socket(options more = {}) const {
        more.unix_path = file("socket");
        return more;
    }
    [[nodiscard]] options by_tcp(options more = {}) const {
        more.host = "127.0.0.1";
        more.port = port();
        return more;
    }

    /// Returns when it answers.
    void start() {
        start_and_await({POOLY_TEST_REDIS_SERVER,
                         "--port",
                         std::to_string(port()),
                         "--bind",
                         "127.0.0.1",
                         "--unixsocket",
                         file("socket"),
                         "--pidfile",
                         file("pid"),
                         "--dir",
                         directory(),
                         "--save",
                         "",
                         "--appendonly",
                         "yes",
                         "--appendfsync",
                         "always",
                         "--user",
                         "guest",
                         "on",
                         ">sesame",
                         "~*",
                         "&*",
                         "-@all",
                         "+ping",
                         "+echo",
                         "+client|setname",
                         "+client|id",
                         "+select",
                         "+reset"},
                        [&] {
                            try {
                                (void)pooly::redis::connect(by_tcp());
                                return true;
                            } catch (const pooly::redis::error&) {
                                return false;
                            }
                        });
    }
};

}  // namespace redis_test
