// SPDX-License-Identifier: MIT

// Classic bug 3: a worker comes back between "none is idle" and "queued", and who queued sleeps beside it for ever. All
// waits here are without bound, so a lost wake-up is a hang, which the guard ends with a message.
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <pooly/pooly.hpp>

#include "support/catch.hpp"
#include "support/hang_guard.hpp"
#include "support/stress_budget.hpp"
#include "support/unsupervised.hpp"

namespace {

using namespace std::chrono_literals;
using pooly::fairness_policy;
using pooly::idle_order;
using pooly::test::hang_guard;
using pooly::test::stress_budget;

using worker_pool = pooly::pool<int>;

constexpr auto for_ever = std::chrono::nanoseconds::max();

struct setting {
    const char* name;
    pooly::pool_options options;
    std::size_t kept;  // leases that never come home
    std::size_t threads;
};

[[nodiscard]] std::vector<setting> settings() {
    std::vector<setting> all;
    for (const auto fairness : {fairness_policy::strict_fifo, fairness_policy::bounded_barging}) {
        const bool strict = fairness == fairness_policy::strict_fifo;
        const auto base = pooly::test::unsupervised({.size = 1, .checkout_timeout = for_ever, .fairness = fairness});
        const auto with = [&](std::size_t size, std::size_t overflow, idle_order order = idle_order::affine) {
            auto options = base;
            options.size = size;
            options.max_overflow = overflow;
            options.order = order;
            return options;
        };
        all.push_back({strict ? "one worker, strict" : "one worker, barging", with(1, 0), 0, 4});
        all.push_back({strict ? "one of 60, strict" : "one of 60, barging", with(60, 0), 59, 3});
        all.push_back({strict ? "one of 100, indexed, strict" : "one of 100, indexed, barging", with(100, 0), 99, 3});
        all.push_back({strict ? "overflow, strict" : "overflow, barging", with(1, 1), 0, 4});
        all.push_back({strict ? "lifo, strict" : "lifo, barging", with(1, 0, idle_order::lifo), 0, 3});
    }
    return all;
}

[[nodiscard]] std::chrono::nanoseconds share() {
    return std::max<std::chrono::nanoseconds>(stress_budget() / 5, 100ms);
}

/// Threads of which one half has all the workers that are to be had and the other half wants them. All begin a round at
/// the same moment; in the next round the halves change places.
class relay {
public:
    relay(worker_pool& from, unsigned half, std::chrono::nanoseconds budget)
        : db_{from}, half_{half}, end_{std::chrono::steady_clock::now() + budget} {}

    void run() {
        std::vector<std::thread> threads;
        for (unsigned t = 0; t < 2 * half_; ++t) threads.emplace_back([this, t] { run_one(t); });
        for (auto& one : threads) one.join();
    }

    [[nodiscard]] unsigned rounds() const { return round_; }

private:
    void run_one(unsigned self) {
        std::minstd_rand random{self + 1};
        pooly::lease<int> held;
        if (self < half_) held = db_.checkout();
        for (;;) {
            meet();
            if (over_) return;
            // Up to a hundred microseconds, as it takes to wake a thread; each order of magnitude as often as the
            // others.
            for (auto turns = random() % (1U << random() % 17U); turns > 0; --turns) (void)round_.load();
            // Nobody returns anything but this until all who want a worker have one: a worker that they sleep beside
            // stays where it is.
            if (held)
                held.checkin();
            else
                held = db_.checkout();
        }
    }

    /// Returns when all threads are here.
    void meet() {
        const auto round = round_.load();
        if (++here_ == 2 * half_) {
            here_ = 0;
            if (std::chrono::steady_clock::now() >= end_) over_ = true;
            ++round_;
        }
        while (round_ == round) std::this_thread::yield();
    }

    worker_pool& db_;
    const unsigned half_;
    const std::chrono::steady_clock::time_point end_;
    std::atomic<unsigned> here_{0};
    std::atomic<unsigned> round_{0};
    std::atomic<bool> over_{false};
};

}  // namespace

TEST_CASE("stress: no wake-up is lost when workers are returned and asked for at the same moment") {
    for (const auto& one : settings()) {
        if (one.options.max_overflow > 0) continue;  // where nobody has to wait
        for (const unsigned half : {1U, 2U}) {
            DYNAMIC_SECTION(one.name << ", " << half << " at a time") {
                const hang_guard guard{std::string{"a lost wake-up: "} + one.name};
                auto options = one.options;
                options.size += half - 1;
                worker_pool db{[] { return 0; }, options};
                std::vector<pooly::lease<int>> kept;
                for (std::size_t i = 0; i < one.kept; ++i) kept.push_back(db.checkout());
                relay those{db, half, share()};
                those.run();
                CHECK(those.rounds() > 1);
                CHECK(db.status().waiting == 0);
                CHECK(db.status().in_use == one.kept);
            }
        }
    }
}

TEST_CASE("stress: no wake-up is lost, however the workers come back") {
    for (const auto& one : settings()) {
        DYNAMIC_SECTION(one.name) {
            const hang_guard guard{std::string{"a lost wake-up: "} + one.name};
            pooly::pool db{[] { return 0; }, one.options};
            std::vector<pooly::lease<int>> kept;
            for (std::size_t i = 0; i < one.kept; ++i) kept.push_back(db.checkout());
            const auto end = std::chrono::steady_clock::now() + share();
            std::atomic<int> inside{0};
            std::atomic<int> crowded{0};
            std::vector<std::thread> users;
            const auto most = static_cast<int>(one.options.size + one.options.max_overflow - one.kept);
            for (std::size_t t = 0; t < one.threads; ++t)
                users.emplace_back([&, t] {
                    for (unsigned i = 0; std::chrono::steady_clock::now() < end; ++i) {
                        auto got = db.checkout();
                        if (++inside > most) ++crowded;
                        if ((i + t) % 3 == 0) std::this_thread::yield();
                        --inside;
                        if ((i + t) % 5 == 4) got.discard();
                        got.checkin();
                        if ((i + t) % 7 == 0) std::this_thread::yield();
                    }
                });
            for (auto& user : users) user.join();
            CHECK(crowded == 0);
            CHECK(db.status().waiting == 0);
            CHECK(db.status().in_use == one.kept);
        }
    }
}

TEST_CASE("stress: no wake-up is lost when two must hold a worker at the same time") {
    // Whoever has one of the two workers keeps it until another consumer has the other: one that sleeps beside an idle
    // worker is not woken by anybody's later return.
    for (const auto& one : settings()) {
        if (one.options.max_overflow > 0) continue;
        DYNAMIC_SECTION(one.name) {
            const hang_guard guard{std::string{"a lost wake-up in pairs: "} + one.name};
            auto options = one.options;
            ++options.size;
            pooly::pool db{[] { return 0; }, options};
            std::vector<pooly::lease<int>> kept;
            for (std::size_t i = 0; i < one.kept; ++i) kept.push_back(db.checkout());
            const auto end = std::chrono::steady_clock::now() + share();
            std::atomic<bool> over{false};  // said while its workers are held, so that no partner is left alone
            std::atomic<unsigned> arrivals{0};
            std::vector<std::thread> users;
            for (std::size_t t = 0; t < one.threads; ++t)
                users.emplace_back([&] {
                    while (!over) {
                        auto got = db.checkout();
                        const auto mine = arrivals++;
                        // Pairs are (0, 1), (2, 3), ...: the second of a pair lets both go.
                        while (mine % 2 == 0 && arrivals <= mine + 1 && !over) std::this_thread::yield();
                        if (mine % 2 == 1 && std::chrono::steady_clock::now() >= end) over = true;
                    }
                });
            for (auto& user : users) user.join();
            CHECK(arrivals > 0);
            CHECK(db.status().in_use == one.kept);
        }
    }
}
