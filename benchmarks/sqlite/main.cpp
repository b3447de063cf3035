// SPDX-License-Identifier: MIT
// Real work: the quickstart's transfers in SQLite, by threads that get their connections in different ways.

#include <SQLiteCpp/SQLiteCpp.h>
#include <stdlib.h>
#include <pooly/adapters/sqlite.hpp>
#include <pooly/pooly.hpp>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "../../examples/ledger.hpp"
#include "../competitors/hand_written_pool.hpp"
#include "../support/contention_load.hpp"
#include "../support/measurements.hpp"
#include "connecting.hpp"
#include "ways.hpp"

namespace {

using clock_type = std::chrono::steady_clock;

constexpr const char* usage =
    R"(pooly_sqlite_benchmarks: transfers in a SQLite file, by how a thread gets its connection

  --rounds=N     turns of each (default 7), in an order shuffled anew each round
  --ms=N         length of a turn (default 1000)
  --threads=N    who pay each other (default 8)
  --size=N       connections of a pool (default 4)
  --quick        see that everything runs; the figures mean nothing
)";

struct wishes {
    int rounds = 7;
    int ms = 1000;
    int threads = 8;
    int size = 4;
};

/// A ledger in a file of its own, gone with it.
class scratch_ledger {
public:
    scratch_ledger() : directory_{(std::filesystem::temp_directory_path() / "pooly-ledger-XXXXXX").string()} {
        if (::mkdtemp(directory_.data()) == nullptr)
            throw std::system_error{errno, std::generic_category(), "making a directory for the ledger"};
        founder_ = std::make_unique<SQLite::Database>(bench::connections_to(file())(pooly::create_context{}));
        ledger::found(*founder_);
    }
    scratch_ledger(const scratch_ledger&) = delete;
    scratch_ledger& operator=(const scratch_ledger&) = delete;
    ~scratch_ledger() {
        founder_.reset();
        std::error_code ignored;
        std::filesystem::remove_all(directory_, ignored);
    }
    [[nodiscard]] std::string file() const { return directory_ + "/ledger.db"; }
    [[nodiscard]] ledger::audit_result audit() { return ledger::audit(*founder_); }

private:
    std::string directory_;
    std::unique_ptr<SQLite::Database> founder_;
};

struct sample {
    double per_second = 0;
    double p50_us = 0;
    double p99_us = 0;
};

/// Each thread pays at random until time is up; then the books must be right.
sample take_turn(const bench::way& one, const wishes& wanted) {
    scratch_ledger books;
    const auto pay = one.open(books.file(), static_cast<std::size_t>(wanted.size));
    std::atomic<bool> over{false};
    std::atomic<std::uint64_t> done{0};
    std::vector<std::vector<double>> times(static_cast<std::size_t>(wanted.threads));
    std::vector<std::thread> threads;
    const auto began = clock_type::now();
    for (auto& mine : times)
        threads.emplace_back([&, seed = static_cast<unsigned>(&mine - times.data()) + 1] {
            std::minstd_rand random{seed};
            while (!over.load(std::memory_order_relaxed)) {  // relaxed: one transfer more or less is no matter
                const auto payment = ledger::any_payment(random);
                const auto asked = clock_type::now();
                try {
                    pay(payment);
                    ++done;
                } catch (const ledger::insufficient_funds&) {
                    continue;
                }
                mine.push_back(std::chrono::duration<double, std::micro>(clock_type::now() - asked).count());
            }
        });
    std::this_thread::sleep_for(std::chrono::milliseconds{wanted.ms});
    over = true;
    for (auto& thread : threads) thread.join();
    const std::chrono::duration<double> took = clock_type::now() - began;
    if (!books.audit().balances(done)) throw std::runtime_error{std::string{one.name} + ": the books are wrong"};
    std::vector<double> all;
    for (const auto& mine : times) all.insert(all.end(), mine.begin(), mine.end());
    return {static_cast<double>(done) / took.count(), bench::detail::quantile(all, 0.5),
            bench::detail::quantile(all, 0.99)};
}

bool take_number(std::string_view text, std::string_view name, int& into) {
    if (!text.starts_with(name)) return false;
    text.remove_prefix(name.size());
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), into);
    return parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size() && into > 0;
}

void print(const std::map<std::string, std::vector<sample>>& samples, const wishes& wanted) {
    const auto middle = [](const std::vector<sample>& turns, double sample::*figure) {
        std::vector<double> values;
        for (const auto& turn : turns) values.push_back(turn.*figure);
        return bench::median(std::move(values));
    };
    std::printf("%d threads that transfer money in a SQLite file, pools of %d (medians of %d turns)\n", wanted.threads,
                wanted.size, wanted.rounds);
    std::printf("%-26s %12s %12s %10s %10s\n", "", "transfers/s", "of pooly's", "p50 us", "p99 us");
    const double ours = middle(samples.at("pooly"), &sample::per_second);
    for (const auto& one : bench::ways()) {
        const auto& turns = samples.at(one.name);
        const double rate = middle(turns, &sample::per_second);
        std::printf("  %-24s %12.0f %12.2f %10.0f %10.0f\n", one.name, rate, rate / ours,
                    middle(turns, &sample::p50_us), middle(turns, &sample::p99_us));
    }
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
        } else if (!take_number(text, "--rounds=", wanted.rounds) && !take_number(text, "--ms=", wanted.ms) &&
                   !take_number(text, "--threads=", wanted.threads) && !take_number(text, "--size=", wanted.size)) {
            std::fprintf(stderr, "pooly_sqlite_benchmarks: '%s' makes no sense; see --help\n", argv[i]);
            return 2;
        }
    }
    try {
        std::map<std::string, std::vector<sample>> samples;
        auto order = bench::ways();
        std::mt19937 dice{20};
        for (int round = 0; round < wanted.rounds; ++round) {
            std::shuffle(order.begin(), order.end(), dice);
            for (const auto& one : order) samples[one.name].push_back(take_turn(one, wanted));
        }
        print(samples, wanted);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "pooly_sqlite_benchmarks: %s\n", error.what());
        return 1;
    }
}
