// SPDX-License-Identifier: MIT

// A worker comes home in the very moment in which the pool is made smaller, restarted, held back or closed. Whoever
// announces that looks afterwards for what came home meanwhile, and whoever comes home looks for what was announced:
// at least one of them sees the other, and nothing happens afterwards that could tidy up.
#include <atomic>
#include <chrono>
#include <optional>
#include <random>
#include <thread>

#include <pooly/pooly.hpp>

#include "support/catch.hpp"
#include "support/hang_guard.hpp"
#include "support/stress_budget.hpp"

namespace {

using namespace std::chrono_literals;
using pooly::test::hang_guard;
using pooly::test::stress_budget;

/// Runs `announce` on this thread and `come_home` on another, begun at the same moment, round after round; `check` sees
/// each round's end.
template <class Prepare, class Announce, class ComeHome, class Check>
void race(Prepare&& prepare, Announce&& announce, ComeHome&& come_home, Check&& check) {
    std::atomic<unsigned> begun{0};
    std::atomic<unsigned> ended{0};
    std::atomic<bool> over{false};
    std::minstd_rand random{1};
    std::atomic<unsigned> delay{0};
    std::thread other{[&] {
        for (unsigned round = 1;; ++round) {
            while (begun < round) std::this_thread::yield();
            if (over) return;
            for (auto turns = delay.load(); turns > 0; --turns) (void)begun.load();
            come_home();
            ended = round;
        }
    }};
    const auto end = std::chrono::steady_clock::now() + stress_budget() / 4;
    unsigned round = 0;
    while (std::chrono::steady_clock::now() < end) {
        prepare();
        delay = static_cast<unsigned>(random() % (1U << random() % 11U));
        begun = ++round;
        for (auto turns = random() % (1U << random() % 11U); turns > 0; --turns) (void)begun.load();
        announce();
        while (ended < round) std::this_thread::yield();
        check();
    }
    over = true;
    begun = ++round;
    other.join();
    CHECK(round > 1);
}

}  // namespace

TEST_CASE("stress: a worker that comes home as the pool is made smaller does not stay beyond its size") {
    const hang_guard guard{"made smaller"};
    pooly::pool db{[] { return 0; }, {.size = 2}};
    pooly::lease<int> first;
    pooly::lease<int> second;
    std::size_t beyond = 0;
    race(
        [&] {
            first = db.checkout();
            second = db.checkout();
        },
        [&] { db.resize(1, 0); }, [&] { first.checkin(); },
        [&] {
            if (db.status().live != 1) ++beyond;
            second.checkin();
            db.resize(2, 0);
        });
    CHECK(beyond == 0);
}

TEST_CASE("stress: a worker that comes home as the pool is restarted is not lent again") {
    const hang_guard guard{"restarted"};
    pooly::pool db{[] { return 0; }, {.size = 1}};
    pooly::lease<int> held;
    std::size_t old = 0;
    std::uint64_t before = 0;
    race(
        [&] {
            held = db.checkout();
            before = held.info().generation;
        },
        [&] { db.restart(); }, [&] { held.checkin(); },
        [&] {
            if (db.checkout().info().generation != before + 1) ++old;
        });
    CHECK(old == 0);
}

TEST_CASE("stress: a worker that comes home as the pool is suspended is not lent, and is there afterwards") {
    const hang_guard guard{"suspended"};
    pooly::pool db{[] { return 0; }, {.size = 1}};
    pooly::lease<int> held;
    std::size_t lent = 0;
    std::size_t lost = 0;
    race([&] { held = db.checkout(); }, [&] { db.suspend(); }, [&] { held.checkin(); },
         [&] {
             if (db.try_checkout()) ++lent;
             db.resume();
             if (db.status().idle != 1) ++lost;
         });
    CHECK(lent == 0);
    CHECK(lost == 0);
}

TEST_CASE("stress: a drain that a worker comes home to sees it") {
    const hang_guard guard{"drained"};
    pooly::pool db{[] { return 0; }, {.size = 1}};
    pooly::lease<int> held;
    std::size_t missed = 0;
    race([&] { held = db.checkout(); }, [&] { missed += db.drain_for(1h); }, [&] { held.checkin(); }, [] {});
    CHECK(missed == 0);
}

TEST_CASE("stress: a worker that comes home as the pool is closed is destroyed") {
    struct counted {
        explicit counted(std::atomic<int>& all) : alive{all} { ++alive; }
        counted(const counted&) = delete;
        counted& operator=(const counted&) = delete;
        ~counted() { --alive; }
        std::atomic<int>& alive;
    };
    const hang_guard guard{"closed"};
    std::atomic<int> alive{0};
    std::optional<pooly::pool<counted>> db;
    pooly::lease<counted> held;
    std::size_t left = 0;
    race(
        [&] {
            db.emplace([&] { return counted{alive}; }, pooly::pool_options{.size = 1});
            held = db->checkout();
        },
        [&] { db->close(); }, [&] { held.checkin(); },
        [&] {
            if (alive != 0) ++left;
        });
    CHECK(left == 0);
}
