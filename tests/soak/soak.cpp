// SPDX-License-Identifier: MIT
// Pools of several kinds, with backends that fail, hang, slow down and come back at random, while threads do to them
// whatever can be done. POOLY_SOAK_SECONDS bounds it (20 by default); its figures are one line.
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <memory>
#include <mutex>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <pooly/pooly.hpp>

#include "soak/weather.hpp"
#include "support/catch.hpp"
#include "support/hang_guard.hpp"
#include "support/seed.hpp"
#include "support/stress_budget.hpp"
#include "support/waiting.hpp"

using namespace std::chrono_literals;
using namespace pooly::test;
using pooly::errc;
using pooly::lease;
using pooly::pool_options;

namespace {

/// What one backend and the workers on it know. No assertions here: this is the threads' side.
struct backend_of_one {
    explicit backend_of_one(std::uint64_t seed) : sky{seed} {}

    weather sky;
    std::atomic<int> alive{0}, most{0};  // detached ones are not counted
    std::atomic<std::uint64_t> made{0}, destroyed{0}, detached{0};
    std::atomic<int> shared{0};  // a worker was in two hands, or ended in one
    std::atomic<int> odd{0};     // an answer that cannot be
    std::atomic<int> last_odd{0};
};

/// Knows whether somebody has it.
class worker {
public:
    explicit worker(backend_of_one& at) : at_{&at} {
        at.sky.connect();
        ++at.made;
        const int now = ++at.alive;
        int most = at.most;
        while (now > most && !at.most.compare_exchange_weak(most, now)) {
        }
    }
    /// Only `detach` moves a worker: out of the pool.
    worker(worker&& other) noexcept {
        auto* const at = std::exchange(other.at_, nullptr);
        --at->alive;
        ++at->detached;
    }
    worker& operator=(worker&&) = delete;
    ~worker() {
        if (at_ == nullptr) return;
        if (taken_) ++at_->shared;
        --at_->alive;
        ++at_->destroyed;
    }

    void pick_up() noexcept {
        if (taken_.exchange(true)) ++at_->shared;
        ++touched_;  // not atomic: a sanitizer sees who else is here
    }
    void put_down() noexcept {
        ++touched_;
        if (!taken_.exchange(false)) ++at_->shared;
    }
    /// What a hook does with it.
    void handle() {
        ++touched_;
        at_->sky.suffer();
    }

private:
    backend_of_one* at_ = nullptr;
    std::atomic<bool> taken_{false};
    std::uint64_t touched_ = 0;
};

using workers = pooly::pool<worker>;

/// An observer that throws now and then.
class moody_observer final : public pooly::pool_observer {
public:
    std::atomic<std::uint64_t> told{0};
    void notify(const pooly::pool_event&) override {
        if (++told % 64 == 0) throw std::runtime_error{"not now"};
    }
};

/// A pool, and what is known of it.
struct stand {
    stand(const char* its_name, std::uint64_t seed) : name{its_name}, at{seed} {}

    [[nodiscard]] pooly::worker_hooks<worker> hooks() {
        pooly::worker_hooks<worker> all;
        all.healthy = [this](worker& one) { return one.handle(), !at.sky.kills(); };
        all.reset = all.retire = all.begin = all.rollback = [](worker& one) { one.handle(); };
        return all;
    }
    [[nodiscard]] auto factory() {
        return [this] { return worker{at}; };
    }

    const char* name;
    backend_of_one at;
    pool_options options;
    bool registered = false;
    std::shared_ptr<workers> db;
    std::mutex left_mutex;
    std::vector<lease<worker>> left;  // by one thread, for another to take and to end
    std::atomic<std::chrono::nanoseconds::rep> longest{0};
};

void set_options(std::vector<std::unique_ptr<stand>>& all, const std::shared_ptr<pooly::watchdog>& dog,
                 const std::shared_ptr<moody_observer>& observer) {
    const auto add = [&](const char* name, const pool_options& options, bool registered = false) {
        all.push_back(std::make_unique<stand>(name, mixed(seed(), all.size())));
        all.back()->options = options;
        all.back()->registered = registered;
        all.back()->options.name = name;
        all.back()->options.backoff_cap = 20ms;
        if (options.backoff_base > 1ms) all.back()->options.backoff_base = 1ms;
    };
    pool_options bare;
    bare.size = 3;
    bare.max_overflow = 2;
    bare.start = pooly::start_mode::lazy;
    bare.check_after_idle = 0s;
    bare.health_interval = 0s;
    bare.max_restarts = pool_options::unlimited;
    bare.backoff_base = 0s;
    add("bare", bare);
    bare.backoff_base = 1ms;
    bare.order = pooly::idle_order::lifo;
    bare.fairness = pooly::fairness_policy::bounded_barging;
    bare.max_waiters = 2;
    add("bare, lifo, barging, governed", bare);

    pool_options watched;
    watched.size = 3;
    watched.max_overflow = 3;
    watched.start = pooly::start_mode::background;
    watched.overflow_linger = 3ms;
    watched.health_interval = 5ms;
    watched.check_timeout = 10ms;
    watched.max_lifetime = 40ms;
    watched.min_idle = 1;
    watched.overdue_after = 2ms;
    watched.max_restarts = pool_options::unlimited;
    watched.observer = observer;
    watched.watchdog = dog;
    add("watched", watched);
    watched.order = pooly::idle_order::fifo;
    watched.timing = pooly::timing_mode::precise;
    watched.on_overdue = pooly::overdue_action::replace;
    watched.on_outage = pooly::outage_action::wait;
    add("watched, fifo, replacing, waiting", watched);
    watched.on_overdue = pooly::overdue_action::report;
    watched.size = 0;
    watched.min_idle = 0;
    add("watched, overflow only", watched);

    pool_options fragile;
    fragile.size = 4;
    fragile.start = pooly::start_mode::lazy;
    fragile.check_after_idle = 1ms;
    fragile.max_restarts = 5;
    fragile.observer = observer;
    add("registered", fragile, true);
    fragile.max_restarts = 0;
    fragile.max_overflow = 1;
    fragile.fairness = pooly::fairness_policy::bounded_barging;
    add("registered, fragile", fragile, true);
}

/// One thread: asks in every way there is, and ends what it gets in every way.
class consumer {
public:
    consumer(stand& of, std::uint64_t seed) : of_{of}, roll_{seed} {}

    void act() {
        switch (roll_(10)) {
            case 0:
            case 1: return use(of_.db->try_checkout());
            case 2:
            case 3: return timed([&](auto limit) { use(of_.db->try_checkout_for(limit)); });
            case 4: return ask_and_cancel();
            case 5: return timed([&](auto limit) { transact(limit); });
            case 6: return guard();
            case 7: return nest();
            case 8: return leave_or_take();
            default:
                return timed([&](auto limit) {
                    try {
                        use(of_.db->checkout_for(limit));
                    } catch (const pooly::pool_error& refused) {
                        judge(refused.code());
                    }
                });
        }
    }

private:
    template <class Ask>
    void timed(Ask&& ask) {
        const auto begin = std::chrono::steady_clock::now();
        waited_ = {};
        ask(std::chrono::microseconds{roll_(5000)});
        const auto took = (waited_ ? *waited_ : std::chrono::steady_clock::now()) - begin;
        auto longest = of_.longest.load();
        while (took.count() > longest && !of_.longest.compare_exchange_weak(longest, took.count())) {
        }
    }

    void judge(std::error_code why) {
        if (why.category() == pooly::pool_category() && why != errc::closed && why != errc::no_such_pool &&
            why != errc::name_taken && why != errc::wrong_type)
            return;
        ++of_.at.odd;
        of_.at.last_odd = why.value();
    }
    void use(pooly::checkout_result<worker> got) {
        if (got) return use(std::move(got).value());
        judge(got.error());
    }
    void use(lease<worker> one) {
        hold(*one);
        auto other = std::move(one);
        switch (roll_(12)) {
            case 0: return other.discard();
            case 1: (void)other.detach(); return;
            case 2: other.checkin(); return other.checkin();
            default: return;
        }
    }
    void hold(worker& one) {
        waited_ = std::chrono::steady_clock::now();
        one.pick_up();
        if (roll_.one_in(50))
            std::this_thread::sleep_for(std::chrono::milliseconds{3});  // overdue
        else if (roll_.one_in(3))
            std::this_thread::yield();
        one.put_down();
    }

    void ask_and_cancel() {
#if defined(__cpp_lib_jthread)
        std::stop_source stop;
        std::thread stopper{[&] { stop.request_stop(); }};
        use(of_.db->try_checkout_for(1min, stop.get_token()));
        stopper.join();
#endif
    }
    void transact(std::chrono::microseconds limit) {
        try {
            of_.db->transaction(
                [&](worker& one) {
                    hold(one);
                    if (roll_.one_in(4)) throw bad_weather{"changed its mind"};
                },
                limit);
        } catch (const bad_weather&) {
        } catch (const pooly::pool_error& refused) {
            judge(refused.code());
        }
    }
    void guard() {
        try {
            auto open = of_.db->begin_for(1ms);
            hold(*open);
            if (roll_.one_in(2)) open.commit();
        } catch (const bad_weather&) {
        } catch (const pooly::pool_error& refused) {
            judge(refused.code());
        }
    }
    void nest() {
        auto first = of_.db->try_checkout_for(1ms);
        auto second = of_.db->try_checkout_for(100us);
        use(std::move(first));
        use(std::move(second));
    }
    /// A lease that one thread gets and another ends.
    void leave_or_take() {
        auto got = of_.db->try_checkout();
        std::optional<lease<worker>> taken;
        {
            const std::lock_guard lock{of_.left_mutex};
            if (!of_.left.empty()) {
                taken = std::move(of_.left.back());
                of_.left.pop_back();
            }
            if (got && of_.left.empty()) of_.left.push_back(std::move(got).value());
        }
        if (taken) use(std::move(*taken));
    }

    stand& of_;
    dice roll_;
    std::optional<std::chrono::steady_clock::time_point> waited_;
};

/// What an operator does to a pool.
void operate(stand& of, pooly::pool_registry& pools, dice& roll) {
    const auto places = of.options.size + of.options.max_overflow;
    try {
        switch (roll(9)) {
            case 0: of.db->suspend(); break;
            case 1: of.db->restart(); break;
            case 2: (void)of.db->prewarm(); break;
            case 3: (void)of.db->drain_for(std::chrono::microseconds{roll(500)}); break;
            case 4: {
                const auto size = roll(places + 1);
                of.db->resize(size, roll(places - size + 1));
                break;
            }
            case 5: of.db->resize(of.options.size, of.options.max_overflow); break;
            case 6:
                if (of.registered) pools.restart(of.name);
                break;
            case 7: (void)of.db->holders(); break;
            default: (void)pools.statuses(); break;
        }
    } catch (const bad_weather&) {
    }
    of.db->resume();
}

[[nodiscard]] std::string to_text(const stand& of, const pooly::pool_status& seen) {
    std::ostringstream out;
    out << of.name << ": " << to_string(seen.state) << ", " << seen.idle << " idle, " << seen.in_use << " in use, "
        << seen.making << " making, " << seen.checking << " checking, " << seen.retiring << " retiring, " << seen.live
        << " live, " << seen.late << " late, " << seen.waiting << " waiting; " << of.at.alive << " alive";
    return std::move(out).str();
}

/// One look. Nothing, if it is consistent.
[[nodiscard]] std::string what_is_torn(const stand& of) {
    const auto seen = of.db->status();
    const bool within = seen.live <= of.options.size + of.options.max_overflow + seen.retiring;  // I1
    if (within && seen.idle + seen.in_use + seen.making + seen.checking + seen.retiring == seen.live) return {};
    return to_text(of, seen);
}

/// All leases are home. (The watchdog goes on, so there may always be a worker that is checked or renewed.)
void settle_down(stand& of) {
    of.db->resume();
    of.left.clear();
    of.db->resize(of.options.size, of.options.max_overflow);
    of.db->restart();
    wait_until([&] { return of.db->status().in_use == 0; });
}

void all_places_can_be_filled(stand& of) {
    const auto places = of.options.size + of.options.max_overflow;
    const bool replaces = of.options.on_overdue == pooly::overdue_action::replace;
    std::vector<lease<worker>> out;
    while (out.size() < places) out.push_back(of.db->checkout_for(1min));
    if (replaces) return;  // those that were overdue meanwhile are beside the places
    CHECK_FALSE(of.db->try_checkout());
    wait_until([&] {
        const auto seen = of.db->status();
        return seen.late + seen.retiring == 0;
    });
    CHECK(of.db->status().in_use == places);
    CHECK(of.at.alive == static_cast<int>(places));
}

struct figures {
    std::uint64_t checkouts = 0, made = 0, deaths = 0, outages = 0, timeouts = 0, cancelled = 0, unavailable = 0,
                  failed = 0, written_off = 0, stuck = 0;
    std::chrono::nanoseconds longest{};

    void add(const stand& of) {
        const auto seen = of.db->stats();
        checkouts += seen.checkouts;
        made += seen.created;
        deaths += seen.discarded + seen.unhealthy + seen.reset_failures;
        outages += of.at.sky.outages;
        timeouts += seen.timeouts;
        cancelled += seen.cancelled;
        unavailable += seen.backend_unavailable;
        failed += seen.failed;
        written_off += seen.written_off;
        stuck += seen.stuck;
        longest = std::max(longest, std::chrono::nanoseconds{of.longest.load()});
    }
    void print(std::chrono::milliseconds budget) const {
        std::cout << "soak: " << budget.count() / 1000 << " s, seed " << seed() << ": " << checkouts << " check-outs, "
                  << made << " made, " << deaths << " deaths, " << outages << " outages, " << timeouts << " timeouts, "
                  << cancelled << " cancelled, " << unavailable << " told unavailable, " << failed << " told failed, "
                  << written_off << " written off, " << stuck << " stuck, longest wait "
                  << std::chrono::duration_cast<std::chrono::milliseconds>(longest).count() << " ms" << std::endl;
    }
};

}  // namespace

TEST_CASE("soak: pools serve through any weather, and when it clears up nothing is lost and nobody is left") {
    const auto budget = seconds_from("POOLY_SOAK_SECONDS", 20.0);
    const auto dog = std::make_shared<pooly::watchdog>();
    const auto observer = std::make_shared<moody_observer>();
    std::vector<std::unique_ptr<stand>> all;
    const hang_guard guard{"soak", budget, [&all] {
                               std::string text;
                               for (const auto& one : all)
                                   if (one->db) text += to_text(*one, one->db->status()) + '\n';
                               return text;
                           }};
    set_options(all, dog, observer);
    figures sum;
    {
        pooly::pool_registry pools;
        for (auto& one : all)
            one->db = one->registered ? pools.add(one->name, one->factory(), one->options, one->hooks())
                                      : std::make_shared<workers>(one->factory(), one->options, one->hooks());

        std::atomic<bool> over{false};
        std::string torn;  // the first
        std::vector<std::thread> threads;
        for (std::size_t i = 0; i < 2 * all.size(); ++i)
            threads.emplace_back([&, i] {
                for (consumer one{*all[i / 2], mixed(seed(), 100 + i)}; !over;) one.act();
            });
        threads.emplace_back([&] {
            for (dice roll{mixed(seed(), 1000)}; !over; std::this_thread::sleep_for(1ms))
                operate(*all[roll(all.size())], pools, roll);
        });
        threads.emplace_back([&] {
            for (dice roll{mixed(seed(), 1001)}; !over; std::this_thread::sleep_for(2ms))
                all[roll(all.size())]->at.sky.change(roll);
        });
        for (const auto end = std::chrono::steady_clock::now() + budget; std::chrono::steady_clock::now() < end;
             std::this_thread::sleep_for(1ms))
            for (const auto& one : all)
                if (torn.empty()) torn = what_is_torn(*one);
        over = true;
        // The weather's thread was the last to change it.
        threads.back().join();
        threads.pop_back();
        for (auto& one : all) one->at.sky.clear_up();
        for (auto& one : threads) one.join();

        CHECK(torn == "");
        for (auto& one : all) {
            INFO(one->name);
            settle_down(*one);
            all_places_can_be_filled(*one);
            CHECK(one->db->status().waiting == 0);
            sum.add(*one);
        }
    }
    for (auto& one : all) {
        INFO(one->name);
        one->db.reset();
        wait_until([&] { return one->at.alive == 0; });  // what the watchdog has begun may be under way still
        CHECK(one->at.made == one->at.destroyed + one->at.detached);
        CHECK(one->at.shared == 0);
        CAPTURE(one->at.last_odd.load());
        CHECK(one->at.odd == 0);
        const auto places = one->options.size + one->options.max_overflow;
        if (!one->options.watchdog && !one->registered) CHECK(one->at.most <= static_cast<int>(places));  // I1
    }
    sum.print(budget);
}
