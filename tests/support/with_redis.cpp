// SPDX-License-Identifier: MIT
// Runs a program beside a Redis of its own, to which REDIS_SOCKET leads, or REDIS_PORT on 127.0.0.1:
// `pooly_with_redis PROGRAM ARGUMENTS...`. It is gone when the program ends.
#include <memory>
#include <string>

#include "redis/server.hpp"
#include "support/run_beside.hpp"

int main(int /*argc*/, char** argv) {
    return pooly::test::run_beside(argv, [] {
        auto server = std::make_unique<redis_test::server>();
        pooly::test::tell("REDIS_SOCKET", server->by_socket().unix_path);
        pooly::test::tell("REDIS_PORT", std::to_string(server->port()));
        return server;
    });
}
