// SPDX-License-Identifier: MIT
#include "real_work.hpp"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <future>
#include <map>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "contention_load.hpp"
#include "measurements.hpp"

namespace bench {
namespace {

using clock_type = std::chrono::steady_clock;

struct wishes {
    int rounds = 7;
    int ms = 1000;
    int size;
    std::vector<int> clients;
    std::string host{};
    bool quick = false;
};

struct sample {
    double per_second = 0;
    double p50_us = 0;
    double p99_us = 0;
};

/// By number of clients and way.
using samples = std::map<std::pair<int, std::string>, std::vector<sample>>;

/// Each client does what it can until time is up; then the books must be right.
sample take_turn(books& kept, const way& one, const wishes& wanted, int clients) {
    kept.begin_turn();
    const auto act = one.open(static_cast<std::size_t>(wanted.size));
    std::atomic<bool> over{false};
    std::vector<std::future<std::vector<double>>> all;
    const auto began = clock_type::now();
    for (int id = 1; id <= clients; ++id)
        all.push_back(std::async(std::launch::async, [&, id] {
            std::minstd_rand random{static_cast<unsigned>(id)};
            std::vector<double> times;
            while (!over.load(std::memory_order_relaxed)) {  // relaxed: one more or less is no matter
                const auto asked = clock_type::now();
                if (!act(random)) continue;
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
    kept.end_turn(times.size());
    return {static_cast<double>(times.size()) / took.count(), detail::quantile(times, 0.5),
            detail::quantile(times, 0.99)};
}

void print(const samples& all, const std::vector<way>& ways, const real_work& work, const wishes& wanted) {
    const auto middle = [](const std::vector<sample>& turns, double sample::*figure) {
        std::vector<double> values;
        for (const auto& turn : turns) values.push_back(turn.*figure);
        return median(std::move(values));
    };
    for (const int clients : wanted.clients) {
        std::printf("\n%d clients, pools of %d (medians of %d turns)\n%-32s %12s %12s %10s %10s\n", clients,
                    wanted.size, wanted.rounds, "", "per second", "ratio", "p50 us", "p99 us");
        const double unit = middle(all.at({clients, work.yardstick}), &sample::per_second);
        for (const auto& one : ways) {
            const auto& turns = all.at({clients, one.name});
            const double rate = middle(turns, &sample::per_second);
            std::printf("  %-30s %12.0f %12.2f %10.0f %10.0f\n", one.name.c_str(), rate, rate / unit,
                        middle(turns, &sample::p50_us), middle(turns, &sample::p99_us));
        }
    }
    if (wanted.quick) std::printf("A quick run: everything ran, the figures mean nothing.\n");
}

void run(const real_work& work, const wishes& wanted) {
    const auto kept = work.open(wanted.host);
    const auto ways = kept->ways();
    samples all;
    std::mt19937 dice{20};
    for (int round = 0; round < wanted.rounds; ++round)
        for (const int clients : wanted.clients) {
            auto order = ways;
            std::shuffle(order.begin(), order.end(), dice);
            for (const auto& one : order) all[{clients, one.name}].push_back(take_turn(*kept, one, wanted, clients));
        }
    print(all, ways, work, wanted);
}

void print_help(const real_work& work, const wishes& defaults) {
    std::string counts;
    for (const int count : defaults.clients) counts += (counts.empty() ? "" : ",") + std::to_string(count);
    std::printf(
        "%s: %s\n\n"
        "  --rounds=N     turns of each (default %d), in an order shuffled anew each round\n"
        "  --ms=N         length of a turn (default %d)\n"
        "  --clients=N,N  threads that want connections (default %s)\n"
        "  --size=N       connections of a pool (default %d)\n",
        work.program.c_str(), work.purpose.c_str(), defaults.rounds, defaults.ms, counts.c_str(), defaults.size);
    if (work.takes_host) std::printf("  --host=HOST    over TCP, as to 127.0.0.1, instead of by a Unix socket\n");
    std::printf("  --quick        see that everything runs; the figures mean nothing\n");
}

/// The positive numbers that a text has between its commas; none if it is none such.
std::vector<int> numbers_in(std::string_view text) {
    std::vector<int> all;
    const char* from = text.data();
    const char* const end = from + text.size();
    for (;;) {
        int number = 0;
        const auto parsed = std::from_chars(from, end, number);
        if (parsed.ec != std::errc{} || number <= 0) return {};
        all.push_back(number);
        if (parsed.ptr == end) return all;
        if (*parsed.ptr != ',') return {};
        from = parsed.ptr + 1;
    }
}

/// False if the argument makes no sense.
bool understand(std::string_view argument, const real_work& work, wishes& into) {
    const auto equals = argument.find('=');
    const auto name = argument.substr(0, equals);
    if (name == "--quick" && equals == argument.npos) {
        into.rounds = 1;
        into.ms = 20;
        into.quick = true;
        return true;
    }
    if (equals == argument.npos) return false;
    const auto value = argument.substr(equals + 1);
    if (name == "--host" && work.takes_host) {
        into.host = value;
        return !value.empty();
    }
    const auto numbers = numbers_in(value);
    if (name == "--clients") {
        into.clients = numbers;
        return !numbers.empty();
    }
    if (numbers.size() != 1) return false;
    if (name == "--rounds")
        into.rounds = numbers.front();
    else if (name == "--ms")
        into.ms = numbers.front();
    else if (name == "--size")
        into.size = numbers.front();
    else
        return false;
    return true;
}

}  // namespace

int run_real_work(int argc, char** argv, const real_work& work) {
    wishes wanted{.size = work.size, .clients = work.clients};
    for (int i = 1; i < argc; ++i) {
        if (argv[i] == std::string_view{"--help"}) {
            print_help(work, wanted);
            return EXIT_SUCCESS;
        }
        if (!understand(argv[i], work, wanted)) {
            std::fprintf(stderr, "%s: '%s' makes no sense; see --help\n", work.program.c_str(), argv[i]);
            return 2;
        }
    }
    try {
        run(work, wanted);
        return EXIT_SUCCESS;
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "%s: %s\n", work.program.c_str(), failure.what());
        return EXIT_FAILURE;
    }
}

}  // namespace bench
