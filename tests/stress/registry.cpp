// SPDX-License-Identifier: MIT

// A registry under all of its verbs at once.
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <pooly/pooly.hpp>

#include "support/catch.hpp"
#include "support/hang_guard.hpp"
#include "support/seed.hpp"
#include "support/stress_budget.hpp"
#include "support/worker.hpp"

namespace {

using namespace std::chrono_literals;
using pooly::errc;
using pooly::pool_error;
using pooly::pool_registry;
using pooly::pool_state;
using pooly::test::backend;
using pooly::test::dice;
using pooly::test::hang_guard;
using pooly::test::stress_budget;
using pooly::test::worker;

const std::array<std::string, 5> some_names{"a", "b", "c", "d", "e"};

/// One verb, on one of few names, so that threads meet. Leaves nothing behind but what it adds.
void act(pool_registry& pools, backend& at, dice& roll) {
    const auto& name = some_names.at(roll(some_names.size()));
    switch (roll(12)) {
        case 0:
        case 1: pools.add("odd " + name, [] { return 1; }, {.size = 1}); break;
        case 2:
        case 3: pools.add(name, [&] { return worker{at}; }, {.size = 1}); break;
        case 4: (void)pools.remove(name); break;
        case 5: (void)pools.remove("odd " + name); break;
        case 6: pools.get<worker>(name)->resize(2, 1); break;
        case 7: (void)pools.find<int>(name); break;
        case 8: {
            auto held = pools.checkout_for<worker>(name, 1ms);
            (void)pools.remove(name);
            if (held->number() == 0) std::terminate();
            break;
        }
        case 9:
            pools.transaction<worker>(
                name, [](worker& one) { one.dirty = true; }, 1ms);
            break;
        case 10: pools.restart(name); break;
        default:
            for (const auto& one : pools.statuses())
                if (one.name.empty() || one.status.live > 3) std::terminate();
            (void)pools.names();
            (void)pools.size();
    }
}

}  // namespace

TEST_CASE("stress: a registry does all at once, and no pool is lost or kept") {
    const hang_guard guard{"a registry under all of its verbs"};
    backend at;
    {
        // By hand: what is counted at the end is not being made or ended behind it.
        pool_registry pools{std::make_shared<pooly::watchdog>(pooly::watchdog::mode::by_hand)};
        const auto end = std::chrono::steady_clock::now() + stress_budget();
        std::atomic<std::size_t> done{0};
        std::vector<std::thread> threads;
        for (unsigned i = 0; i < 4; ++i)
            threads.emplace_back([&, i] {
                dice roll{i};
                for (; std::chrono::steady_clock::now() < end; ++done) {
                    try {
                        act(pools, at, roll);
                    } catch (const pool_error&) {  // an answer as good as any
                    }
                }
            });
        for (auto& one : threads) one.join();
        CHECK(done > 1000);
        std::size_t live = 0;
        for (const auto& [name, status] : pools.statuses())
            if (!name.starts_with("odd")) live += status.live;
        CHECK(static_cast<std::size_t>(at.alive) == live);
        CHECK(pools.statuses().size() == pools.size());
    }
    CHECK(at.alive == 0);
}

TEST_CASE("stress: of all who add one name at once, one makes a pool") {
    const hang_guard guard{"adding one name at once"};
    const auto end = std::chrono::steady_clock::now() + stress_budget() / 2;
    for (int round = 0; std::chrono::steady_clock::now() < end; ++round) {
        pool_registry pools;
        std::atomic<int> made{0};
        std::atomic<int> taken{0};
        std::atomic<int> missing{2};
        const auto add = [&] {
            for (--missing; missing > 0;) std::this_thread::yield();
            try {
                pools.add("db", [&] { return ++made; }, {.size = 1});
            } catch (const pool_error& error) {
                if (error.code() == errc::name_taken) ++taken;
            }
        };
        std::thread other{add};
        add();
        other.join();
        if (made != 1 || taken != 1 || pools.size() != 1) FAIL("in round " << round);
    }
}

TEST_CASE("stress: close_all leaves no pool open, whoever adds one meanwhile") {
    const hang_guard guard{"adding during close_all"};
    const auto end = std::chrono::steady_clock::now() + stress_budget() / 2;
    std::size_t in_time = 0;
    std::size_t late = 0;
    for (int round = 0; std::chrono::steady_clock::now() < end; ++round) {
        pool_registry pools;
        std::vector<std::shared_ptr<pooly::pool<int>>> added;
        std::atomic<bool> begun{false};
        std::thread adder{[&] {
            try {
                for (int i = 0;; ++i) {
                    added.push_back(pools.add(std::to_string(i), [] { return 1; }, {.size = 1}));
                    begun = true;
                }
            } catch (const pool_error& error) {
                if (error.code() == errc::closed) ++late;
            }
        }};
        while (!begun) std::this_thread::yield();
        pools.close_all();
        adder.join();
        in_time += added.size();
        for (const auto& one : added)
            if (one->status().state != pool_state::closed) FAIL("one is open, in round " << round);
        if (pools.size() != added.size()) FAIL("one is lost, in round " << round);
    }
    CHECK(in_time > 0);
    CHECK(late > 0);
}
