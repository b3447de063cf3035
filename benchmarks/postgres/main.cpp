// SPDX-License-Identifier: MIT
// Short transactions in PostgreSQL, by how a client gets its connection. Run it beside a server of its own:
// `pooly_with_postgres pooly_postgres_benchmarks`; or let libpq's environment lead to one, and BOUNCER to a PgBouncer.

#include <pooly/adapters/postgres.hpp>
#include <pooly/pooly.hpp>

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "../support/real_work.hpp"
#include "ways.hpp"

namespace {

/// Accounts to each of which something is added now and then.
class postgres_books : public bench::books {
public:
    explicit postgres_books(const std::string& host)
        : address_{host.empty() ? "" : "host=" + host}, keeper_{pooly::postgres::connect(address_)} {
        keeper_.execute(
            "set client_min_messages = warning; drop table if exists bench_account;"
            "create table bench_account(id int primary key, balance int not null) with (fillfactor = 50);"
            "insert into bench_account select n, 0 from generate_series(0, " +
            std::to_string(bench::accounts - 1) + ") n");
    }
    ~postgres_books() override {
        try {
            keeper_.execute("drop table bench_account");
        } catch (const pooly::postgres::error& failure) {
            std::cerr << failure.what() << '\n';
        }
    }

    [[nodiscard]] std::vector<bench::way> ways() override {
        const char* const bouncer = std::getenv("BOUNCER");
        if (bouncer == nullptr) std::cerr << "BOUNCER is not set: nothing goes through PgBouncer\n";
        return bench::ways(address_, bouncer != nullptr ? bouncer : "");
    }
    void begin_turn() override { keeper_.execute("update bench_account set balance = 0"); }
    void end_turn(std::uint64_t done) override {
        keeper_.execute("do $$ begin if (select sum(balance) from bench_account) <> " + std::to_string(done) +
                        " then raise 'the books are wrong'; end if; end $$");
    }

private:
    std::string address_;
    pooly::postgres::connection keeper_;
};

}  // namespace

int main(int argc, char** argv) {
    return bench::run_real_work(
        argc, argv,
        {.program = "pooly_postgres_benchmarks",
         .purpose = "short transactions in PostgreSQL, by how a client gets its connection",
         .yardstick = "pooly, rollback_only",  // which cleans as little as the others do
         .clients = {1, 4, 16, 64},
         .size = 8,
         .takes_host = true,
         .open = [](const std::string& host) { return std::make_unique<postgres_books>(host); }});
}
