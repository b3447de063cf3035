// SPDX-License-Identifier: MIT

// A queue of orders in PostgreSQL: several workers take the next open one (`for update skip locked`) and deliver it,
// each in one transaction, while somebody keeps ending their connections. In the end every order was delivered, and
// none twice. It makes a schema of its own, and drops it.

#include <pooly/pooly.hpp>

#include <libpq-fe.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <exception>
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
using orders_pool = pooly::pool<connection>;

constexpr usage how_to_use{
    "postgres_orders", 0, 1,
    "usage: postgres_orders [CONNECTION STRING]\n"
    "\n"
    "Delivers orders that are queued in PostgreSQL while somebody ends the connections, and checks that each was\n"
    "delivered once. The string is libpq's, \"host=... dbname=...\"; what it leaves out comes from libpq's "
    "environment.\n"};

constexpr int orders = 500;
constexpr int couriers = 8;
constexpr int deliveries_between_accidents = 25;

/// The first column of the first row, or nothing.
std::string ask(connection& c, const std::string& sql) {
    const std::unique_ptr<PGresult, decltype(&PQclear)> answer{PQexec(c.get(), sql.c_str()), &PQclear};
    if (PQresultStatus(answer.get()) != PGRES_TUPLES_OK) throw std::runtime_error{PQerrorMessage(c.get())};
    return PQntuples(answer.get()) > 0 ? PQgetvalue(answer.get(), 0, 0) : "";
}

struct tally {
    std::atomic<int> delivered{0};  // as far as their couriers know
    std::atomic<int> lost{0};       // transactions whose connection was ended under them
    std::atomic<int> refused{0};    // check-outs that met an outage
};

/// False when no order is open that nobody else has in hand.
bool deliver_one(orders_pool& db) {
    return pooly::postgres::transaction(db, [](connection& c) {
        const auto order =
            ask(c, "select id from orders where not delivered order by id for update skip locked limit 1");
        if (order.empty()) return false;
        c.execute("insert into deliveries values (" + order +
                  "); update orders set delivered = true where id = " + order);
        return true;
    });
}

/// Whatever becomes of a transaction, the order says itself whether it is still to be delivered: so one looks again.
void deliver_all(orders_pool& db, tally& seen) {
    for (;;) {
        try {
            if (deliver_one(db))
                ++seen.delivered;
            else if (ask(*db.checkout(), "select count(*) from orders where not delivered") == "0")
                return;
            else
                std::this_thread::sleep_for(1ms);  // somebody has the last ones in hand, and may yet lose them
        } catch (const pooly::pool_error&) {
            ++seen.refused;
            std::this_thread::sleep_for(5ms);
        } catch (const std::runtime_error&) {
            ++seen.lost;
        }
    }
}

/// Ends one of the pool's connections now and then, as an administrator might.
int cause_accidents(connection& administrator, const tally& seen, const std::atomic<bool>& over) {
    int accidents = 0;
    while (!over) {
        if (seen.delivered < (accidents + 1) * deliveries_between_accidents) {
            std::this_thread::sleep_for(1ms);
            continue;
        }
        (void)ask(administrator,
                  "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'pooly_orders' "
                  "order by random() limit 1");
        ++accidents;
    }
    return accidents;
}

int run(const std::string& address) {
    const auto schema = "pooly_orders_" + std::to_string(::getpid());
    auto administrator = pooly::postgres::connect(address);
    administrator.execute("create schema " + schema + "; set search_path to " + schema +
                          "; create table orders(id int primary key, delivered bool not null default false)"
                          "; create table deliveries(of_order int not null)"
                          "; insert into orders select generate_series(1, " +
                          std::to_string(orders) + ")");
    tally seen;
    int accidents = 0;
    {
        orders_pool db{
            pooly::postgres::factory{address + " application_name=pooly_orders options='-csearch_path=" + schema + "'"},
            {.name = "orders", .size = 4, .check_after_idle = 0s, .max_restarts = orders}};
        std::atomic<bool> over{false};
        std::thread trouble{[&] { accidents = cause_accidents(administrator, seen, over); }};
        std::vector<std::thread> all;
        for (int i = 0; i < couriers; ++i) all.emplace_back([&] { deliver_all(db, seen); });
        for (auto& one : all) one.join();
        over = true;
        trouble.join();
    }
    const auto delivered = ask(administrator, "select count(*) from deliveries");
    const auto different = ask(administrator, "select count(distinct of_order) from deliveries");
    administrator.execute("set client_min_messages = warning; drop schema " + schema + " cascade");
    std::cout << orders << " orders, " << couriers << " couriers with 4 connections; " << accidents
              << " connections ended meanwhile, " << seen.lost << " transactions lost by it, " << seen.refused
              << " check-outs refused\n"
              << delivered << " delivered, " << different << " different ones\n";
    const bool good = delivered == std::to_string(orders) && different == delivered && accidents > 0;
    if (!good) std::cerr << "postgres_orders: SOMETHING WAS LOST, OR DONE TWICE\n";
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace

int main(int argc, char** argv) {
    if (const auto status = tell_usage(how_to_use, argc, argv)) return *status;
    try {
        return run(argc == 2 ? argv[1] : "");
    } catch (const std::exception& failure) {
        std::cerr << "postgres_orders: " << failure.what() << '\n';
        return EXIT_FAILURE;
    }
}
