// SPDX-License-Identifier: MIT
// Runs a program beside a PostgreSQL of its own, to which libpq's environment leads, and a PgBouncer before that, to
// which BOUNCER does: `pooly_with_postgres PROGRAM ARGUMENTS...`. Both are gone when it ends.
#include <memory>
#include <string>

#include "postgres/bouncer.hpp"
#include "postgres/server.hpp"
#include "support/run_beside.hpp"

namespace {

using pooly::test::tell;

struct servers {
    postgres_test::server database{{"max_connections=200"}};
    std::unique_ptr<postgres_test::bouncer> before;
};

}  // namespace

int main(int /*argc*/, char** argv) {
    return pooly::test::run_beside(argv, [] {
        auto both = std::make_unique<servers>();
        tell("PGHOST", both->database.directory());
        tell("PGPORT", std::to_string(both->database.port()));
        tell("PGUSER", "pooly");
        tell("PGDATABASE", "postgres");
        if (postgres_test::bouncer::is_installed()) {
            both->before = std::make_unique<postgres_test::bouncer>(both->database, 8);
            tell("BOUNCER", both->before->connection_string());
        }
        return both;
    });
}
