// SPDX-License-Identifier: MIT
#include <sys/wait.h>

#include <chrono>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

#include "postgres/support.hpp"
#include "support/half_way.hpp"

using namespace postgres_test;
using pooly::postgres::access_mode;
using pooly::postgres::behind_pgbouncer;
using pooly::postgres::isolation_level;

namespace {

constexpr std::string_view pgbouncer = POOLY_TEST_PGBOUNCER;

/// A PgBouncer before the shared server that shares two sessions among all clients, transaction by transaction.
class bouncer {
public:
    bouncer() {
        auto& behind = server::shared();
        const auto file = [&](const char* name) { return behind.directory() + "/bouncer." + name; };
        std::ofstream{file("ini")} << "[databases]\npostgres = host=" << behind.directory() << " port=" << behind.port()
                                   << " user=pooly\n[pgbouncer]\npool_mode = transaction\ndefault_pool_size = 2\n"
                                   << "listen_addr = 127.0.0.1\nlisten_port = " << port_
                                   << "\nunix_socket_dir =\nauth_type = any\nserver_login_retry = 0\n";
        process_ = start_program({std::string{pgbouncer}, file("ini")}, account::for_servers(), file("log"),
                                 behind.directory());
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
        return "host=127.0.0.1 user=anybody dbname=postgres port=" + std::to_string(port_);
    }

private:
    int port_ = free_port();
    pid process_ = -1;
};

}  // namespace

TEST_CASE("PgBouncer: a pool behind it shares few sessions, transaction by transaction") {
    if (pgbouncer.empty()) {
        WARN("skipped: PgBouncer is not installed");
        return;
    }
    const bouncer between;
    auto outside = outsider();
    outside.execute("set client_min_messages = error; drop table if exists t; create table t(a int)");
    outside.execute("insert into t values (0)");

    SECTION("no update is lost, and none of a transaction that was given up is left") {
        constexpr int threads = 4;
        db_pool db{factory{between.connection_string(), behind_pgbouncer()},
                   {.size = threads, .checkout_timeout = 60s, .check_after_idle = 0ns}};
        const int done = committed_by_many(db, threads, 25, [](connection& c) { c.execute("update t set a = a + 1"); });
        REQUIRE(number(outside, "select a from t") == done);
        REQUIRE(db.stats().created == threads);
    }
    SECTION("a transaction left open does not keep its session, nor go to the next consumer") {
        db_pool db{factory{between.connection_string(), behind_pgbouncer()}, {.size = 3}};
        {
            const auto first = db.checkout();
            const auto second = db.checkout();
            first->execute("begin; update t set a = 7");
            second->execute("begin; select 1");  // now no session is free
        }
        REQUIRE(number(*db.checkout(), "select a from t") == 0);
        REQUIRE(db.stats().created == 3);
    }
    SECTION("isolation and access are the transaction's, and leave nothing in the session") {
        const auto how =
            behind_pgbouncer({.isolation = isolation_level::serializable, .access = access_mode::read_only});
        db_pool db{factory{between.connection_string(), how}, {.size = 1}};
        REQUIRE(db.transaction([](connection& c) { return text(c, "show transaction_isolation"); }) == "serializable");
        REQUIRE(text(*db.checkout(), "show transaction_isolation") == "read committed");
        REQUIRE(text(*db.checkout(), "show default_transaction_read_only") == "off");
    }
    SECTION("a session that the server ended behind it costs one connection at most") {
        db_pool db{factory{between.connection_string(), behind_pgbouncer()},
                   {.size = 1, .check_after_idle = 0ns, .backoff_base = 0ns}};
        const auto backend = text(*db.checkout(), "select pg_backend_pid()");
        (void)text(outside, "select pg_terminate_backend(" + backend + ", 10000)");
        REQUIRE(text(*db.checkout(), "select pg_backend_pid()") != backend);
    }
}
