// SPDX-License-Identifier: MIT
// Runs a program beside a PostgreSQL of its own, to which libpq's environment leads, and a PgBouncer before that, to
// which BOUNCER does: `pooly_with_postgres PROGRAM ARGUMENTS...`. Both are gone when it ends.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <iostream>
#include <optional>
#include <string>

#include "postgres/bouncer.hpp"
#include "postgres/server.hpp"

namespace {

int run(char** words) {
    const pid_t child = ::fork();
    if (child < 0) pooly::test::fail_with_errno("fork");
    if (child == 0) {
        ::execvp(words[0], words);
        ::perror(words[0]);
        ::_exit(127);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::cerr << "usage: pooly_with_postgres PROGRAM ARGUMENTS...\n";
        return 2;
    }
    try {
        const postgres_test::server server{{"max_connections=200"}};
        ::setenv("PGHOST", server.directory().c_str(), 1);
        ::setenv("PGPORT", std::to_string(server.port()).c_str(), 1);
        ::setenv("PGUSER", "pooly", 1);
        ::setenv("PGDATABASE", "postgres", 1);
        std::optional<postgres_test::bouncer> before;
        if (postgres_test::bouncer::is_installed())
            ::setenv("BOUNCER", before.emplace(server, 8).connection_string().c_str(), 1);
        return run(argv + 1);
    } catch (const std::exception& failure) {
        std::cerr << "pooly_with_postgres: " << failure.what() << '\n';
        return EXIT_FAILURE;
    }
}
