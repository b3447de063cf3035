// SPDX-License-Identifier: MIT

// Workers of a busy pool die, at random, one by one and all at once.
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <pooly/pooly.hpp>

#include "support/catch.hpp"
#include "support/counted_pool.hpp"
#include "support/hang_guard.hpp"
#include "support/seed.hpp"
#include "support/stress_budget.hpp"
#include "support/waiting.hpp"

namespace {

using namespace std::chrono_literals;
using pooly::errc;
using pooly::pool_options;
using pooly::test::dice;
using pooly::test::hang_guard;
using pooly::test::mixed;
using pooly::test::policy;
using pooly::test::seed;
using pooly::test::stress_budget;
using pooly::test::wait_until;

constexpr std::size_t size = 4;
constexpr std::size_t threads = 8;

/// Connections by number, which somebody else may cut at any time.
struct network {
    static constexpr std::size_t wires = 64;
    std::atomic<long> now{1};           // counts what happens
    std::atomic<long> cut_at[wires]{};  // 0: it is not
    std::atomic<bool> taken[wires]{};
    std::atomic<int> alive{0};

    std::size_t plug_in() {
        for (std::size_t i = 0;; i = (i + 1) % wires)
            if (!taken[i].exchange(true)) {
                cut_at[i] = 0;
                ++alive;
                return i;
            }
    }
    void plug_out(std::size_t wire) {
        --alive;
        taken[wire] = false;
    }
    void cut(std::size_t wire) { cut_at[wire] = ++now; }
};

class connection {
public:
    explicit connection(network& at) : at_{&at}, wire_{at.plug_in()} {}
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;
    ~connection() { at_->plug_out(wire_); }

    [[nodiscard]] bool works() const { return at_->cut_at[wire_] == 0; }
    /// Whether it was dead already at that time.
    [[nodiscard]] bool was_dead(long at) const {
        const auto cut = at_->cut_at[wire_].load();
        return cut != 0 && cut <= at;
    }

private:
    network* at_;
    std::size_t wire_;
};

/// A round: everybody works, some wires are cut, and in the end all are.
void round_of_kills(const pool_options& options, dice roll, int round) {
    network at;
    const auto dog = options.watchdog;
    pooly::pool<connection> db{
        [&] { return connection{at}; }, options, {.healthy = [](connection& one) { return one.works(); }}};
    std::atomic<bool> over{false};
    std::atomic<int> served{0};
    std::atomic<int> dead_ones{0};
    std::atomic<int> refusals{0};
    std::vector<std::thread> consumers;
    for (std::size_t i = 0; i < threads; ++i)
        consumers.emplace_back([&, own = dice{mixed(roll(1000000), i)}]() mutable {
            while (!over) {
                const auto asked = at.now.load();
                auto got = db.try_checkout_for(1min);
                if (!got) {
                    ++refusals;
                    continue;
                }
                if (got->was_dead(asked)) ++dead_ones;
                if (own.one_in(4)) std::this_thread::yield();
                if (!got->works() && own.one_in(2)) std::move(got).value().discard();
                ++served;
            }
        });
    std::thread sweeper{[&] {
        while (!over) {
            dog->sweep(std::chrono::steady_clock::now() + 31s);
            std::this_thread::yield();
        }
    }};
    for (std::size_t i = 2 + roll(20); i > 0; --i) {
        const auto target = served + static_cast<int>(1 + roll(40));
        at.cut(roll(network::wires / (roll.one_in(2) ? 1 : 8)));
        wait_until([&] { return served >= target; });
    }
    for (std::size_t wire = 0; wire < network::wires; ++wire) at.cut(wire);
    const auto target = served + 50;
    wait_until([&] { return served >= target; });
    over = true;
    for (auto& one : consumers) one.join();
    sweeper.join();
    dog->sweep(std::chrono::steady_clock::now() + 62s);
    const auto end = db.status();
    if (dead_ones != 0 || refusals != 0 || end.live != size || end.idle != size || at.alive != static_cast<int>(size))
        FAIL("in round " << round << ": " << dead_ones << " dead lent, " << refusals << " refused, " << end.idle
                         << " idle, " << end.live << " live");
}

}  // namespace

TEST_CASE("stress: whichever workers of a busy pool are killed, nobody is handed a dead one, and all are made anew") {
    const hang_guard guard{"kills in a busy pool"};
    const auto end = std::chrono::steady_clock::now() + stress_budget();
    const auto policies = pooly::test::every_policy();
    int round = 0;
    for (; std::chrono::steady_clock::now() < end || round < 6; ++round) {
        auto options = pooly::test::sized(size, round % 3 == 0 ? 2 : 0,
                                          policies[static_cast<std::size_t>(round) % policies.size()]);
        options.check_after_idle = 0s;
        options.max_restarts = pool_options::unlimited;
        options.watchdog = std::make_shared<pooly::watchdog>(pooly::watchdog::mode::by_hand);
        round_of_kills(options, dice{mixed(seed(), static_cast<std::uint64_t>(100 + round))}, round);
    }
    INFO(round << " rounds");
    CHECK(round >= 6);
}
