// SPDX-License-Identifier: MIT

// Many threads do everything to one pool at random. What must hold all the time is looked at all the time (I1, I2,
// I10), what must hold in the end in the end: nothing lost, nothing won, nobody left waiting.
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <random>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <pooly/pooly.hpp>

#include "support/catch.hpp"
#include "support/hang_guard.hpp"
#include "support/stress_budget.hpp"
#include "support/unsupervised.hpp"

namespace {

using namespace std::chrono_literals;
using pooly::errc;
using pooly::fairness_policy;
using pooly::idle_order;
using pooly::timing_mode;

struct setting {
    const char* name;
    std::size_t size;
    std::size_t max_overflow;
    idle_order order;
    fairness_policy fairness;
    timing_mode timing;
    std::chrono::nanoseconds check_after_idle;
    bool resets;
    std::size_t kept;  // leases that are held all the time: the rest is what they fight for
    bool operated;     // suspended, resized, restarted ...
};

constexpr auto strict = fairness_policy::strict_fifo;
constexpr auto barging = fairness_policy::bounded_barging;
constexpr auto coarse = timing_mode::coarse;
constexpr auto precise = timing_mode::precise;

const std::array settings{
    setting{"1, affine", 1, 0, idle_order::affine, strict, coarse, -1ns, false, 0, false},
    setting{"1 + 1, affine, barging", 1, 1, idle_order::affine, barging, coarse, -1ns, false, 0, true},
    setting{"2 + 2, affine, checked", 2, 2, idle_order::affine, strict, precise, 0ns, true, 0, true},
    setting{"2, lifo, barging", 2, 0, idle_order::lifo, barging, precise, 0ns, false, 0, false},
    setting{"0 + 3, affine", 0, 3, idle_order::affine, strict, coarse, -1ns, false, 0, false},
    setting{"5, fifo", 5, 0, idle_order::fifo, strict, precise, -1ns, true, 0, true},
    setting{"5 + 5, lifo", 5, 5, idle_order::lifo, strict, coarse, 0ns, true, 3, true},
    setting{"200, indexed", 200, 0, idle_order::affine, strict, coarse, -1ns, false, 198, false},
    setting{"200 + 2, indexed, barging", 200, 2, idle_order::affine, barging, coarse, -1ns, false, 199, false},
    setting{"200 + 5, indexed, operated", 200, 5, idle_order::affine, strict, precise, 0ns, true, 197, true},
};

/// The first thing that went wrong, if anything did.
class verdict {
public:
    void complain(std::string text) {
        const std::lock_guard guard{mutex_};
        if (text_.empty()) text_ = std::move(text);
    }
    [[nodiscard]] std::string text() {
        const std::lock_guard guard{mutex_};
        return text_;
    }

private:
    std::mutex mutex_;
    std::string text_;
};

struct world {
    std::atomic<int> alive{0};
    std::atomic<std::uint64_t> random{1};
    std::atomic<bool> failing{true};
    verdict said;

    /// True once in so many calls, while things may fail.
    [[nodiscard]] bool misfortune(unsigned once_in) {
        return failing && (random.fetch_add(0x9e3779b97f4a7c15U) >> 33U) % once_in == 0;
    }
};

/// Knows whether somebody has it (I2), and has a plain member for the thread sanitizer to see it, too.
class worker {
public:
    explicit worker(world& of) : world_{&of} {
        if (of.misfortune(12)) throw std::runtime_error{"the backend is down"};
        ++of.alive;
    }
    worker(const worker&) = delete;
    worker& operator=(const worker&) = delete;
    ~worker() {
        if (owned_) world_->said.complain("a worker was destroyed while somebody had it");
        --world_->alive;
    }

    void take() {
        if (owned_.exchange(true)) world_->said.complain("I2: a worker was lent twice");
        ++uses_;
    }
    void give_back() {
        ++uses_;
        if (!owned_.exchange(false)) world_->said.complain("I2: a worker was given back twice");
    }
    void touch() { ++uses_; }

private:
    world* world_;
    std::atomic<bool> owned_{false};
    unsigned uses_ = 0;
};

using worker_pool = pooly::pool<worker>;

[[nodiscard]] std::unique_ptr<worker_pool> open(world& in, const setting& how) {
    pooly::worker_hooks<worker> hooks;
    if (how.check_after_idle >= 0ns)
        hooks.healthy = [&in](worker& one) {
            one.touch();
            if (in.misfortune(40)) throw std::runtime_error{"cannot be asked"};
            return !in.misfortune(20);
        };
    if (how.resets)
        hooks.reset = [&in](worker& one) {
            one.touch();
            if (in.misfortune(20)) throw std::runtime_error{"cannot be cleaned"};
        };
    hooks.retire = [&in](worker& one) {
        one.touch();
        if (in.misfortune(10)) throw std::runtime_error{"will not go"};
    };
    hooks.begin = [&in](worker& one) {
        one.touch();
        if (in.misfortune(20)) throw std::runtime_error{"no begin"};
    };
    hooks.rollback = [&in](worker& one) {
        one.touch();
        if (in.misfortune(5)) throw std::runtime_error{"no rollback"};
    };
    return std::make_unique<worker_pool>([&in] { return worker{in}; },
                                         pooly::test::unsupervised({.name = how.name,
                                                                    .size = how.size,
                                                                    .max_overflow = how.max_overflow,
                                                                    .start = pooly::start_mode::lazy,
                                                                    .checkout_timeout = 30s,
                                                                    .max_waiters = 64,
                                                                    .order = how.order,
                                                                    .fairness = how.fairness,
                                                                    .timing = how.timing,
                                                                    .check_after_idle = how.check_after_idle}),
                                         hooks);
}

/// A consumer: one random action after the other.
class consumer {
public:
    consumer(worker_pool& from, world& in, std::uint32_t seed) : db_{from}, world_{in}, random_{seed} {}

    void act() {
        switch (pick(10)) {
            case 0:
            case 1: return use(db_.try_checkout());
            case 2: return use(db_.try_checkout_for(std::chrono::microseconds{pick(300)}));
            case 3:
                return use(db_.try_checkout_until(worker_pool::clock::now() + std::chrono::microseconds{pick(300)}));
            case 4: return stoppable();
            case 5: return throwing([&] { use(db_.checkout()); });
            case 6: return throwing([&] { use(db_.checkout_for(1ms)); });
            case 7: return throwing([&] { transaction(); });
            case 8: return throwing([&] { guard(); });
            default: return nested();
        }
    }

private:
    [[nodiscard]] unsigned pick(unsigned below) {
        return std::uniform_int_distribution<unsigned>{0, below - 1}(random_);
    }

    void hold() {
        for (auto turns = pick(4); turns > 1; --turns) std::this_thread::yield();
    }

    void use(pooly::checkout_result<worker> got) {
        if (got) return use(std::move(got).value());
        const auto code = got.error();
        if (code != errc::full && code != errc::timeout && code != errc::create_failed && code != errc::suspended &&
            code != errc::cancelled && code != errc::overloaded && code != errc::closed)
            world_.said.complain("refused for an odd reason: " + code.message());
    }

    void use(pooly::lease<worker> one) {
        one->take();
        hold();
        if (one.info().uses == 0) world_.said.complain("in use, and not once used");
        one->give_back();
        switch (pick(8)) {
            case 0: return one.discard();
            case 1: return one.checkin();
            case 2: {
                auto other = std::move(one);
                return other.checkin();
            }
            default: return;
        }
    }

    void stoppable() {
        std::stop_source stop;
        if (pick(4) == 0) stop.request_stop();
        std::jthread stopper{[stop]() mutable {
            std::this_thread::yield();
            stop.request_stop();
        }};
        use(db_.try_checkout_for(10s, stop.get_token()));
    }

    void transaction() {
        db_.transaction(
            [&](worker& one) {
                one.take();
                hold();
                one.give_back();
                if (pick(3) == 0) throw std::logic_error{"changed its mind"};
            },
            5ms);
    }

    void guard() {
        auto open = db_.begin_for(5ms);
        open->take();
        hold();
        open->give_back();
        const auto what = pick(3);
        if (what == 0) open.commit();
        if (what == 1) open.rollback();
    }

    void nested() {
        auto first = db_.try_checkout_for(1ms);
        auto second = db_.try_checkout_for(100us);
        use(std::move(second));
        use(std::move(first));
    }

    template <class Function>
    void throwing(Function&& function) {
        try {
            function();
        } catch (const std::exception&) {  // pool_error, or what a hook or the user threw
        }
    }

    worker_pool& db_;
    world& world_;
    std::minstd_rand random_;
};

void operate(worker_pool& db, const setting& how, unsigned step) {
    try {
        switch (step % 8U) {
            case 0: db.suspend(); break;
            case 1: db.resume(); break;
            case 2: db.resize(how.size + 3, how.max_overflow); break;
            case 3: db.resize(how.size > 1 ? how.size - 1 : 0, how.max_overflow + 1); break;
            case 4: db.restart(); break;
            case 5: (void)db.prewarm(); break;
            case 6: (void)db.drain_for(200us); break;
            default: db.resize(how.size, how.max_overflow); break;
        }
    } catch (const std::runtime_error&) {  // the factory's
    }
    std::this_thread::yield();
}

void look(worker_pool& db, const setting& how, verdict& said) {
    const auto seen = db.status();
    if (seen.idle + seen.in_use + seen.making + seen.checking + seen.retiring != seen.live)
        said.complain("I10: a look that does not add up");
    if (seen.live > how.size + how.max_overflow + (how.operated ? 3U : 0U))
        said.complain("I1: " + std::to_string(seen.live) + " workers live");
    for (const auto& one : db.holders())
        if (*one.where.file == '\0' || one.where.line == 0 || one.thread == std::thread::id{})
            said.complain("a holder that is nobody");
    const auto counted = db.stats();
    if (counted.created < counted.destroyed) said.complain("more workers were destroyed than made");
}

/// What must be so when all is quiet.
void look_at_the_end(worker_pool& db, world& in, const setting& how) {
    in.failing = false;
    db.resume();
    db.resize(how.size, how.max_overflow);
    const auto seen = db.status();
    CHECK(seen.in_use == how.kept);
    CHECK(seen.waiting == 0);
    CHECK(seen.making + seen.checking + seen.retiring == 0);
    CHECK(seen.overflow <= (how.kept > how.size ? how.kept - how.size : 0));
    CHECK(static_cast<std::size_t>(in.alive) == seen.live);
    std::vector<pooly::lease<worker>> all;
    while (auto one = db.try_checkout()) {
        one->take();
        all.push_back(std::move(one).value());
    }
    CHECK(all.size() + how.kept == how.size + how.max_overflow);
    for (auto& one : all) one->give_back();
    const auto counted = db.stats();
    CHECK(counted.created - counted.destroyed == static_cast<std::uint64_t>(in.alive));
}

void rampage(const setting& how, std::chrono::nanoseconds budget, bool dies_in_the_midst) {
    const pooly::test::hang_guard guard{std::string{"random actions: "} + how.name};
    world in;
    auto db = open(in, how);
    std::vector<pooly::lease<worker>> kept;
    while (kept.size() < how.kept)
        if (auto one = db->try_checkout()) kept.push_back(std::move(one).value());

    std::atomic<bool> over{false};
    std::vector<std::thread> threads;
    for (std::uint32_t i = 0; i < 4; ++i)
        threads.emplace_back([&, i] {
            for (consumer one{*db, in, i + 1}; !over;) one.act();
        });
    threads.emplace_back([&] {
        for (unsigned step = 0; !over; ++step) {
            if (how.operated)
                operate(*db, how, step);
            else
                std::this_thread::yield();
        }
        db->resume();
    });
    const auto end = std::chrono::steady_clock::now() + budget;
    while (std::chrono::steady_clock::now() < end) {
        look(*db, how, in.said);
        std::this_thread::yield();
    }
    if (dies_in_the_midst) db->close();
    over = true;
    for (auto& one : threads) one.join();
    if (!dies_in_the_midst) look_at_the_end(*db, in, how);
    const auto out = db->status().in_use;
    db.reset();
    CHECK(out == how.kept);
    CHECK(static_cast<std::size_t>(in.alive) == how.kept);
    in.failing = false;
    kept.clear();
    CHECK(in.alive == 0);
    CHECK(in.said.text() == "");
}

[[nodiscard]] std::chrono::nanoseconds share() { return pooly::test::stress_budget() / 5; }

}  // namespace

TEST_CASE("stress: whatever happens, workers are lent once, and none is lost or won") {
    for (const auto& how : settings) {
        DYNAMIC_SECTION(how.name) { rampage(how, share(), false); }
    }
}

TEST_CASE("stress: a pool that is closed in the midst of everything keeps nobody and leaves nothing") {
    for (const auto& how : settings) {
        DYNAMIC_SECTION(how.name) {
            for (int round = 0; round < 5; ++round) rampage(how, share() / 10, true);
        }
    }
}

TEST_CASE("stress: pools die while their leases are out and on their way home") {
    const pooly::test::hang_guard guard{"pools that die with leases out"};
    world in;
    in.failing = false;
    const auto end = std::chrono::steady_clock::now() + share();
    std::vector<std::thread> threads;
    for (unsigned t = 0; t < 2; ++t)
        threads.emplace_back([&, t] {
            for (unsigned round = t; std::chrono::steady_clock::now() < end; ++round) {
                const auto& how = settings[round % 7];
                auto db = open(in, how);
                std::vector<std::thread> users;
                for (int i = 0; i < 2; ++i)
                    if (auto one = db->try_checkout())
                        users.emplace_back([held = std::move(one).value(), i]() mutable {
                            held->take();
                            held->give_back();
                            if (i == 1) std::this_thread::yield();
                            if (i == 0) held.discard();
                        });
                db.reset();
                for (auto& one : users) one.join();
            }
        });
    for (auto& one : threads) one.join();
    CHECK(in.alive == 0);
    CHECK(in.said.text() == "");
}
