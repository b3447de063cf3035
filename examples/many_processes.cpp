// SPDX-License-Identifier: MIT

// Several processes, each with a pool of its own, share few sessions of one PostgreSQL through PgBouncer, which lends
// a session for one transaction at a time. At the server itself it is counted how many sessions there are. It makes
// a table of its own, and drops it.

#include <pooly/pooly.hpp>

#include <libpq-fe.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <future>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <pooly/adapters/postgres.hpp>

#include "usage.hpp"

namespace {

using namespace std::chrono_literals;
using pooly::postgres::connection;

constexpr usage how_to_use{
    "many_processes", 2, 2,
    "usage: many_processes 'CONNECTION STRING OF PGBOUNCER' 'CONNECTION STRING OF THE SERVER'\n"
    "\n"
    "Several processes with a pool each count in PostgreSQL through PgBouncer, which has fewer sessions than they\n"
    "have connections; checks the count, and the number of sessions at the server itself. The strings are libpq's;\n"
    "what they leave out comes from libpq's environment.\n"};

constexpr int processes = 4;
constexpr int connections_each = 5;
constexpr int threads_each = 8;
constexpr int transactions_each = 50;  // of a thread

int ask(connection& c, const std::string& sql) {
    const std::unique_ptr<PGresult, decltype(&PQclear)> answer{PQexec(c.get(), sql.c_str()), &PQclear};
    if (PQresultStatus(answer.get()) != PGRES_TUPLES_OK) throw std::runtime_error{PQerrorMessage(c.get())};
    return std::atoi(PQgetvalue(answer.get(), 0, 0));
}

/// One of the processes. A pool must not be shared with a child by `fork`: each makes its own.
int work(const std::string& bouncer, const std::string& table) {
    try {
        pooly::pool db{pooly::postgres::factory{bouncer, pooly::postgres::behind_pgbouncer()},
                       {.name = "db", .size = connections_each, .checkout_timeout = 1min}};
        const auto count = [&] {
            for (int n = 0; n < transactions_each; ++n)
                db.transaction([&](connection& c) { c.execute("update " + table + " set n = n + 1"); });
        };
        std::vector<std::future<void>> all;
        for (int i = 0; i < threads_each; ++i) all.push_back(std::async(std::launch::async, count));
        for (auto& one : all) one.get();
        return EXIT_SUCCESS;
    } catch (const std::exception& failure) {
        std::cerr << "many_processes, a child: " << failure.what() << '\n';
        return EXIT_FAILURE;
    }
}

int run(const std::string& bouncer, const std::string& server) {
    auto outside = pooly::postgres::connect(server);
    const auto table = "pooly_counter_" + std::to_string(::getpid());
    outside.execute("create table " + table + "(n int not null); insert into " + table + " values (0)");

    std::vector<pid_t> children;
    for (int i = 0; i < processes; ++i) {
        const pid_t child = ::fork();
        if (child == 0) ::_exit(work(bouncer, table));
        children.push_back(child);
    }
    int most = 0;
    bool good = true;
    while (!children.empty()) {
        most = std::max(most, ask(outside,
                                  "select count(*) from pg_stat_activity where backend_type = 'client backend' "
                                  "and datname = current_database() and pid <> pg_backend_pid()"));
        std::erase_if(children, [&](pid_t child) {
            int status = 0;
            if (::waitpid(child, &status, WNOHANG) != child) return false;
            good = good && status == 0;
            return true;
        });
        std::this_thread::sleep_for(1ms);
    }
    const int counted = ask(outside, "select n from " + table);
    outside.execute("drop table " + table);
    constexpr int done = processes * threads_each * transactions_each;
    std::cout << processes << " processes x " << connections_each << " connections = " << processes * connections_each
              << " to PgBouncer, " << most << " sessions of the server at most; " << counted << " of " << done
              << " transactions done\n";
    good = good && counted == done && most < processes * connections_each;
    if (!good) std::cerr << "many_processes: A PROMISE IS BROKEN\n";
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace

int main(int argc, char** argv) {
    if (const auto status = tell_usage(how_to_use, argc, argv)) return *status;
    try {
        return run(argv[1], argv[2]);
    } catch (const std::exception& failure) {
        std::cerr << "many_processes: " << failure.what() << '\n';
        return EXIT_FAILURE;
    }
}
