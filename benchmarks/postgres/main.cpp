// SPDX-License-Identifier: MIT
// Short transactions in PostgreSQL, by how a client gets its connection. Run it beside a server of its own:
// `pooly_with_postgres pooly_postgres_benchmarks`; or let libpq's environment lead to one, and BOUNCER to a PgBouncer.

#include <pooly/adapters/postgres.hpp>
#include <pooly/pooly.hpp>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <future>
#include <map>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "../support/contention_load.hpp"
#include "../support/measurements.hpp"
#include "ways.hpp"

namespace {

using clock_type = std::chrono::steady_clock;
constexpr int accounts = 1000;
constexpr int client_counts[] = {1, 4, 16, 64};

constexpr const char* usage =
    R"(pooly_postgres_benchmarks: short transactions in PostgreSQL, by how a client gets its connection

  --rounds=N     turns of each (default 5), in an order shuffled anew each round
  --ms=N         length of a turn (default 1000)
  --size=N       connections of a pool (default 8)
  --host=HOST    instead of libpq's environment, as 127.0.0.1 instead of a socket
  --quick        see that everything runs; the figures mean nothing
)";

struct wishes {
    int rounds = 5;
    int ms = 1000;
    int size = 8;
    std::string address;
    bool quick = false;
};

struct sample {
    double per_second = 0;
    double p50_us = 0;
    double p99_us = 0;
};

/// Each client pays as often as it can until time is up; then the books must be right.
sample take_turn(const bench::way& one, const std::string& address, const wishes& wanted, int clients) {
    auto outside = pooly::postgres::connect(wanted.address);
    outside.execute("update bench_account set balance = 0");
    const auto pay = one.open(address, static_cast<std::size_t>(wanted.size));
    std::atomic<bool> over{false};
    const auto began = clock_type::now();
    std::vector<std::future<std::vector<double>>> all;
    for (int id = 1; id <= clients; ++id)
        all.push_back(std::async(std::launch::async, [&, id] {
            std::minstd_rand random{static_cast<unsigned>(id)};
            std::vector<double> times;
            while (!over.load(std::memory_order_relaxed)) {  // relaxed: one more or less is no matter
                const int account = static_cast<int>(random() % accounts);
                const auto asked = clock_type::now();
                pay(account);
                times.push_back(std::chrono::duration<double, std::micro>(clock_type::now() - asked).count());
            }
            return times;
        }));
    std::this_thread::sleep_for(std::chrono::milliseconds{wanted.ms});
    over = true;
    std::vector<double> times;
    for (auto& client : all) {
        const auto mine = client.get();
        times.insert(times.end(), mine.begin(), mine.end());
    }
    const std::chrono::duration<double> took = clock_type::now() - began;
    const auto count = std::to_string(times.size());
    outside.execute("do $$ begin if (select sum(balance) from bench_account) <> " + count +
                    " then raise 'the books are wrong'; end if; end $$");
    return {static_cast<double>(times.size()) / took.count(), bench::detail::quantile(times, 0.5),
            bench::detail::quantile(times, 0.99)};
}

bool take_number(std::string_view text, std::string_view name, int& into) {
    if (!text.starts_with(name)) return false;
    text.remove_prefix(name.size());
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), into);
    return parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size() && into > 0;
}

using samples = std::map<std::pair<int, std::string>, std::vector<sample>>;

void print(const samples& all, const std::vector<bench::way>& ways, const wishes& wanted) {
    const auto middle = [](const std::vector<sample>& turns, double sample::*figure) {
        std::vector<double> values;
        for (const auto& turn : turns) values.push_back(turn.*figure);
        return bench::median(std::move(values));
    };
    for (const int clients : client_counts) {
        std::printf("\n%d clients, pools of %d (medians of %d turns)\n%-28s %12s %12s %10s %10s\n", clients,
                    wanted.size, wanted.rounds, "", "per second", "of pooly's", "p50 us", "p99 us");
        const double ours = middle(all.at({clients, "pooly, rollback_only"}), &sample::per_second);
        for (const auto& one : ways) {
            const auto& turns = all.at({clients, one.name});
            const double rate = middle(turns, &sample::per_second);
            std::printf("  %-26s %12.0f %12.2f %10.0f %10.0f\n", one.name, rate, rate / ours,
                        middle(turns, &sample::p50_us), middle(turns, &sample::p99_us));
        }
    }
    std::printf("\nOf pooly's: of those with rollback_only, which clean as little as the others.\n");
    if (wanted.quick) std::printf("A quick run: everything ran, the figures mean nothing.\n");
}

int run(const wishes& wanted) {
    const char* const bouncer = std::getenv("BOUNCER");
    auto outside = pooly::postgres::connect(wanted.address);
    outside.execute(
        "set client_min_messages = warning; drop table if exists bench_account;"
        "create table bench_account(id int primary key, balance int not null) with (fillfactor = 50);"
        "insert into bench_account select n, 0 from generate_series(0, " +
        std::to_string(accounts - 1) + ") n");
    auto ways = bench::ways();
    if (bouncer == nullptr) {
        std::fprintf(stderr, "BOUNCER is not set: nothing goes through PgBouncer\n");
        std::erase_if(ways, [](const bench::way& one) { return one.through_bouncer; });
    }
    samples all;
    std::mt19937 dice{20};
    for (int round = 0; round < wanted.rounds; ++round)
        for (const int clients : client_counts) {
            auto order = ways;
            std::shuffle(order.begin(), order.end(), dice);
            for (const auto& one : order)
                all[{clients, one.name}].push_back(
                    take_turn(one, one.through_bouncer ? bouncer : wanted.address, wanted, clients));
        }
    print(all, ways, wanted);
    outside.execute("drop table bench_account");
    return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
    wishes wanted;
    for (int i = 1; i < argc; ++i) {
        const std::string_view text{argv[i]};
        if (text == "--help") {
            std::fputs(usage, stdout);
            return 0;
        }
        if (text == "--quick") {
            wanted.rounds = 1;
            wanted.ms = 20;
            wanted.quick = true;
        } else if (text.starts_with("--host=")) {
            wanted.address = "host=" + std::string{text.substr(7)};
        } else if (!take_number(text, "--rounds=", wanted.rounds) && !take_number(text, "--ms=", wanted.ms) &&
                   !take_number(text, "--size=", wanted.size)) {
            std::fprintf(stderr, "pooly_postgres_benchmarks: '%s' makes no sense; see --help\n", argv[i]);
            return 2;
        }
    }
    try {
        return run(wanted);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "pooly_postgres_benchmarks: %s\n", error.what());
        return EXIT_FAILURE;
    }
}
