// SPDX-License-Identifier: MIT

// Workers of a busy pool die, at random, one by one and all at once; each is a SQLite connection with work under way.
// POOLY_KILL_ROUNDS says how many rounds there are, and then the run takes as long as they do, so that it is one for
// the program itself; else they fill the time of a stress test (POOLY_STRESS_SECONDS).
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <pooly/pooly.hpp>

#include "sqlite/support.hpp"
#include "stress/sqlite/mortal_connection.hpp"
#include "support/counted_pool.hpp"
#include "support/hang_guard.hpp"
#include "support/seed.hpp"
#include "support/stress_budget.hpp"
#include "support/watched.hpp"

namespace {

using namespace std::chrono_literals;
using pooly::test::dice;
using pooly::test::mixed;
using pooly::test::mortal_connection;
using pooly::test::network;
using pooly::test::wire;

constexpr std::size_t threads = 8;  // more than any of the pools has workers
constexpr int accounts = 10;
constexpr int total = accounts * 100;

/// What the consumers of a pool have seen since it was made.
struct tally {
    std::atomic<long> served{0};
    std::atomic<long> committed{0};
    std::atomic<long> in_doubt{0};  // the connection died in the commit: nobody was told whether it is done
    std::atomic<int> refused{0};
    std::atomic<int> dead_lent{0};    // that had been dead before they were asked for
    std::atomic<int> kept{0};         // that were discarded, or could not be cleaned
    std::atomic<int> living_fail{0};  // statements that failed though the connection is well
    std::atomic<int> half_done{0};    // sums that are wrong
};

/// A pool of connections to a database of its own, and one outside of the pool. It lives for many rounds, so that what
/// a kill leaves behind adds up.
struct bank {
    bank(const std::string& file, const pooly::pool_options& options)
        : size{options.size},
          outside{pooly::sqlite::open(file, quick)},
          db{[this, make = pooly::sqlite::factory{file, quick}](const pooly::create_context& context) {
                 return mortal_connection{make(context), wires};
             },
             options},
          watchdog{*options.watchdog} {
        outside.execute("create table account(id integer primary key, balance); create table made(transfers)");
        outside.execute("insert into made values(0)");
        for (int id = 0; id < accounts; ++id)
            outside.execute("insert into account values(" + std::to_string(id) + ", 100)");
    }

    /// Each time as if it were long after the last, so that everything is due.
    void sweep() { watchdog.sweep(now += 1min); }

    static constexpr pooly::sqlite::options quick{.synchronous = pooly::sqlite::sync_mode::off, .busy_timeout = 20s};

    const std::size_t size;
    network wires;
    tally seen;
    pooly::sqlite::connection outside;
    pooly::pool<mortal_connection> db;
    pooly::watchdog& watchdog;
    std::chrono::steady_clock::time_point now = std::chrono::steady_clock::now();
};

/// From somebody to somebody; `half` stops in the middle.
void transfer(mortal_connection& on, dice& roll, bool half = false) {
    const auto move = [&](const char* amount) {
        on.execute(std::string{"update account set balance = balance "} + amount +
                   " where id = " + std::to_string(roll(accounts)));
    };
    move("- 7");
    if (half) return;
    on.execute("update made set transfers = transfers + 1");
    move("+ 7");
}

/// The holder is rid of a worker, or gives it back, dead as it may be.
void part(bank& at, pooly::lease<mortal_connection> with, bool rid) {
    const wire& line = with->line();
    const bool is_past_cleaning = line.is_cut() && sqlite_test::in_transaction(*with);
    rid ? with.discard() : with.checkin();
    if ((rid || is_past_cleaning) && at.wires.connects(line)) ++at.seen.kept;
}

/// One lease and its work.
void work(bank& at, dice& roll) {
    const auto kills = at.wires.kills();
    auto got = at.db.try_checkout_for(1min);
    if (!got) {
        ++at.seen.refused;
        return;
    }
    auto lease = std::move(got).value();
    const wire& line = lease->line();
    if (line.was_cut(kills)) ++at.seen.dead_lent;
    bool failed = false;
    try {
        if (roll.one_in(6)) {
            pooly::transaction_guard open{std::move(lease)};
            transfer(*open, roll);
            ++at.seen.in_doubt;
            open.commit();
            ++at.seen.committed;
            --at.seen.in_doubt;
        } else if (roll.one_in(6)) {
            lease->execute("begin immediate");
            transfer(*lease, roll, true);  // and goes, for the pool to clean up
        } else if (sqlite_test::number(*lease, "select sum(balance) from account") != total) {
            ++at.seen.half_done;
        }
    } catch (const std::runtime_error& /*of SQLite's*/) {
        if (!line.is_cut()) ++at.seen.living_fail;
        failed = true;
    }
    if (lease) part(at, std::move(lease), failed && roll.one_in(2));
    ++at.seen.served;
    at.seen.served.notify_all();
}

/// Those who work, up to eight at a time, and perhaps a watchdog with them.
class crowd {
public:
    crowd(bank& at, dice roll) {
        for (std::size_t i = 0; i < threads; ++i)
            all_.emplace_back([this, &at, i, own = dice{mixed(roll(1000000), i)}]() mutable {
                for (auto busy = busy_.load(); busy > 0; busy = busy_.load())
                    if (i < busy)
                        work(at, own);
                    else
                        busy_.wait(busy);
            });
        if (roll.one_in(2)) return;  // what the consumers do not do by themselves, nobody does until the end
        all_.emplace_back([this, &at] {
            while (busy_ > 0) {
                at.sweep();
                std::this_thread::yield();
            }
        });
    }
    crowd(const crowd&) = delete;
    crowd& operator=(const crowd&) = delete;
    ~crowd() {
        have_busy(0);  // they go home
        for (auto& one : all_) one.join();
    }

    void have_busy(std::size_t count) {
        busy_ = count;
        busy_.notify_all();
    }

private:
    std::atomic<std::size_t> busy_{threads};
    std::vector<std::thread> all_;
};

/// Some workers are killed, time and again, then all, and perhaps those that are idle in the end.
void round_of_kills(bank& at, dice roll) {
    {
        crowd consumers{at, roll};
        const auto serve = [&](std::size_t count) {
            const auto target = at.seen.served + static_cast<long>(count);
            for (auto now = at.seen.served.load(); now < target; now = at.seen.served.load()) at.seen.served.wait(now);
        };
        for (std::size_t kills = 1 + roll(8); kills > 0; --kills) {
            consumers.have_busy(1 + roll(threads));
            at.wires.cut(1 + roll(at.size), roll);
            serve(1 + roll(20));
        }
        consumers.have_busy(threads);
        serve(threads);
        at.wires.cut_all(roll);
        serve(3 * threads);
    }
    if (roll.one_in(2)) at.wires.cut(roll(at.size + 1), roll);
    at.sweep();
}

void check_all_is_well(bank& at) {
    REQUIRE(at.seen.dead_lent == 0);
    REQUIRE(at.seen.refused == 0);
    REQUIRE(at.seen.kept == 0);
    REQUIRE(at.seen.living_fail == 0);
    REQUIRE(at.seen.half_done == 0);
    REQUIRE(sqlite_test::number(at.outside, "select sum(balance) from account") == total);
    const auto transfers = sqlite_test::number(at.outside, "select transfers from made");
    REQUIRE(transfers >= at.seen.committed);
    REQUIRE(transfers <= at.seen.committed + at.seen.in_doubt);
    REQUIRE(pooly::test::look(at.db) == pooly::test::counts{at.size, 0, 0});
    REQUIRE(at.wires.connected() == at.size);
    REQUIRE(at.wires.dead() == 0);
}

void report(int rounds, std::deque<bank>& banks) {
    std::uint64_t kills = 0;
    pooly::pool_stats sum;
    for (auto& at : banks) {
        const auto seen = at.db.stats();
        kills += at.wires.kills();
        sum.checkouts += seen.checkouts;
        sum.discarded += seen.discarded;
        sum.unhealthy += seen.unhealthy;
        sum.reset_failures += seen.reset_failures;
    }
    std::cout << rounds << " rounds, " << kills << " kills, " << sum.checkouts << " check-outs; found dead by "
              << sum.unhealthy << " checks, " << sum.discarded << " holders, " << sum.reset_failures << " resets\n";
}

[[nodiscard]] std::optional<int> rounds_wanted() {
    const char* const text = std::getenv("POOLY_KILL_ROUNDS");
    return text != nullptr ? std::optional{std::atoi(text)} : std::nullopt;
}

}  // namespace

TEST_CASE("stress: whichever workers of a busy pool are killed, nobody is handed a dead one, and all are made anew") {
    const sqlite_test::temporary_directory directory;
    std::deque<bank> banks;
    for (const auto& by : pooly::test::every_policy())
        for (const auto& [size, overflow] : {std::pair{4U, 0U}, {2U, 2U}, {1U, 0U}}) {
            auto options = pooly::test::sized(size, overflow, by);
            options.check_after_idle = 0s;
            options.health_interval = 30s;
            options.check_timeout = 0s;
            options.watchdog = pooly::test::watchdog_by_hand();
            banks.emplace_back(directory.file("bank" + std::to_string(banks.size()) + ".db"), options);
        }

    const auto end = std::chrono::steady_clock::now() + pooly::test::stress_budget();
    const auto fewest = static_cast<int>(banks.size());
    const auto wanted = rounds_wanted();
    int round = 0;
    for (; wanted ? round < *wanted : round < fewest || std::chrono::steady_clock::now() < end; ++round) {
        auto& at = banks[static_cast<std::size_t>(round) % banks.size()];
        const auto options = at.db.options();
        CAPTURE(round, (pooly::test::policy{options.order, options.fairness}), at.size);
        const pooly::test::hang_guard guard{"kills in a busy pool, round " + std::to_string(round)};
        round_of_kills(at, dice{mixed(pooly::test::seed(), static_cast<std::uint64_t>(round))});
        check_all_is_well(at);
    }
    report(round, banks);
}
