// SPDX-License-Identifier: MIT
// Several threads do at random whatever can be done to a pool. Nobody can say what each of them should get; but workers
// are conserved at every instant, and in the end everything is back where the rules want it.
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <pooly/pooly.hpp>

#include "support/catch.hpp"
#include "support/counted_pool.hpp"
#include "support/seed.hpp"
#include "support/stress_budget.hpp"
#include "support/waiting.hpp"

using namespace std::chrono_literals;
using namespace pooly::test;
using pooly::errc;
using pooly::fairness_policy;
using pooly::idle_order;
using pooly::lease;

namespace {

constexpr std::size_t most_places = 6;

/// What must never happen, and how often it did. The workers' and the threads' side of a test: no assertions here.
struct ledger {
    std::atomic<int> pooled{0};       // workers that are in the pool's hands or on loan
    std::atomic<int> most_pooled{0};  // the high-water mark
    std::atomic<int> made{0};
    std::atomic<int> destroyed{0};  // detached ones are not
    std::atomic<int> detached{0};
    std::atomic<int> shared{0};  // a worker was in two hands
    std::atomic<int> wrong_answers{0};
    std::atomic<int> last_wrong{0};  // as an errc
    std::atomic<bool> sunny{true};
    std::atomic<std::uint64_t> calls{0};
    std::uint64_t seed = 0;
};

/// A worker that knows in how many hands it is.
class courier {
public:
    explicit courier(ledger& book) : book_{&book} {
        const auto call = ++book.calls;
        if (!book.sunny && mixed(book.seed, call) % 10 == 0) throw std::runtime_error{"one in ten"};
        ++book.made;
        const int now = ++book.pooled;
        int most = book.most_pooled;
        while (now > most && !book.most_pooled.compare_exchange_weak(most, now)) {
        }
    }
    /// Only `detach` moves a worker: out of the pool.
    courier(courier&& other) noexcept {
        auto* const book = std::exchange(other.book_, nullptr);
        --book->pooled;
        ++book->detached;
    }
    courier& operator=(courier&&) = delete;
    ~courier() {
        if (book_ == nullptr) return;
        if (taken_.load()) ++book_->shared;
        --book_->pooled;
        ++book_->destroyed;
    }

    /// Before and after whatever somebody does with it: a consumer or a hook.
    void pick_up() noexcept {
        if (taken_.exchange(true)) ++book_->shared;
    }
    void put_down() noexcept {
        if (!taken_.exchange(false)) ++book_->shared;
    }
    [[nodiscard]] bool in_hand() noexcept {
        pick_up();
        ++touched_;  // not atomic: a sanitizer sees who else is here
        put_down();
        return touched_ > 0;
    }

private:
    ledger* book_ = nullptr;
    std::atomic<bool> taken_{false};
    std::uint64_t touched_ = 0;
};

using courier_pool = pooly::pool<courier>;

/// One thread: random verbs, with at most a few leases in hand.
class actor {
public:
    actor(courier_pool& db, ledger& book, std::uint64_t seed, bool meddles)
        : db_{db}, book_{book}, roll_{seed}, meddles_{meddles} {}

    void play(std::chrono::steady_clock::time_point until) {
        while (std::chrono::steady_clock::now() < until)
            for (int i = 0; i < 32; ++i) one_verb();
        while (!held_.empty()) drop(verb::check_in);
    }

private:
    enum class verb { check_in, discard, detach };

    void one_verb() {
        const auto which = roll_(100);
        if (held_.size() < 3) {
            if (which < 30) return keep(db_.try_checkout(), {errc::full});
            if (which < 36) return keep(db_.try_checkout_for(0s), {errc::timeout});
            if (which < 44) return keep(db_.try_checkout_for(std::chrono::microseconds{roll_(200)}), {errc::timeout});
            if (which < 52) return ask_for_long();
            if (which < 56) return transaction();
#if defined(__cpp_lib_jthread)
            if (which < 60) return ask_and_cancel();
#endif
        }
        if (which < 90) return drop(verb::check_in);
        if (which < 94) return drop(verb::discard);
        if (which < 96) return drop(verb::detach);
        if (meddles_) meddle();
    }

    /// Keeps what was lent; a refusal must be one of these, or one that is always possible here.
    void keep(pooly::checkout_result<courier> got, std::initializer_list<errc> allowed) {
        if (got) {
            held_.push_back(std::move(got).value());
            held_.back()->pick_up();
            return;
        }
        const auto is = [&](errc code) { return got.error() == code; };
        // A pool without a place is full even for those who would wait.
        const bool always = is(errc::create_failed) || (meddles_ && (is(errc::suspended) || is(errc::full)));
        if (always || std::any_of(allowed.begin(), allowed.end(), is)) return;
        ++book_.wrong_answers;
        book_.last_wrong = got.error().value();
    }

    /// With empty hands, so that nobody waits for one who waits for him. In a pool that nobody suspends a lost worker
    /// or wake-up is the only way for this to fail.
    void ask_for_long() {
        while (!held_.empty()) drop(verb::check_in);
        if (meddles_) return keep(db_.try_checkout_for(5ms), {errc::timeout});
        keep(db_.try_checkout_for(1min), {});
    }

#if defined(__cpp_lib_jthread)
    void ask_and_cancel() {
        std::stop_source stop;
        std::thread canceller{[&] { stop.request_stop(); }};
        keep(db_.try_checkout_for(5ms, stop.get_token()), {errc::timeout, errc::cancelled});
        canceller.join();
    }
#endif

    void transaction() {
        const bool throws = roll_.one_in(2);
        try {
            db_.transaction(
                [&](courier& one) {
                    if (!one.in_hand()) ++book_.wrong_answers;
                    if (throws) throw std::domain_error{"half way"};
                },
                0s);
        } catch (const std::domain_error&) {
            if (!throws) ++book_.wrong_answers;
        } catch (const pooly::pool_error& refused) {
            const auto code = refused.code();
            if (code != errc::timeout && code != errc::create_failed && code != errc::suspended) ++book_.wrong_answers;
        }
    }

    void drop(verb how) {
        if (held_.empty()) return;
        auto one = std::move(held_.back());
        held_.pop_back();
        one->put_down();
        if (how == verb::check_in) one.checkin();
        if (how == verb::discard) one.discard();
        if (how == verb::detach) (void)one.detach();
    }

    void meddle() {
        try {
            switch (roll_(8)) {
                case 0:
                case 1: db_.suspend(); break;
                case 2:
                case 3: db_.resume(); break;
                case 4: db_.restart(); break;
                case 5: (void)db_.prewarm(); break;
                case 6: (void)db_.drain_for(std::chrono::microseconds{roll_(100)}); break;
                default: {
                    const auto size = roll_(most_places + 1);
                    db_.resize(size, roll_(most_places - size + 1));
                }
            }
        } catch (const std::runtime_error& error) {
            if (error.what() != std::string{"one in ten"}) ++book_.wrong_answers;
        }
        if (roll_.one_in(2)) db_.resume();
    }

    courier_pool& db_;
    ledger& book_;
    dice roll_;
    const bool meddles_;
    std::vector<lease<courier>> held_;
};

/// Looks at the pool all the time: how often a look did not add up.
class watcher {
public:
    watcher(const courier_pool& db, std::size_t places) : thread_{[this, &db, places] { watch(db, places); }} {}
    watcher(const watcher&) = delete;
    watcher& operator=(const watcher&) = delete;
    ~watcher() {
        done_ = true;
        if (thread_.joinable()) thread_.join();
    }

    [[nodiscard]] int mistakes() {
        done_ = true;
        thread_.join();
        return mistakes_;
    }

private:
    void watch(const courier_pool& db, std::size_t places) {
        while (!done_) {
            const auto seen = db.status();
            const bool adds_up = seen.idle + seen.in_use + seen.making + seen.checking + seen.retiring == seen.live;
            const bool within = seen.live <= places;  // I1
            if (!adds_up || !within) ++mistakes_;
            std::this_thread::yield();
        }
    }

    std::atomic<bool> done_{false};
    std::atomic<int> mistakes_{0};
    std::thread thread_;
};

struct stress {
    policy by{};
    std::size_t size = 2, max_overflow = 2;
    bool hooks = false;
    bool meddles = false;  // suspend, resume, restart, resize, prewarm, drain
    bool lingers = false;  // under a watchdog, which dismisses and makes workers meanwhile
};

/// Workers that nobody needs may idle for a moment; the watchdog sees to it, and to those that are missing.
void linger(pooly::pool_options& options) { options.overflow_linger = 200us; }

void let_the_watchdog_finish(courier_pool& db, ledger& book) {
    db.resume();
    book.sunny = true;
    wait_until([&] { return look(db) == counts{.idle = db.options().size}; });
}

void run(const stress& how, std::chrono::milliseconds budget, std::uint64_t run_seed) {
    CAPTURE(how.by, how.size, how.max_overflow, how.hooks, how.meddles, how.lingers, seed());
    ledger book;
    book.seed = run_seed;
    pooly::worker_hooks<courier> hooks;
    if (how.hooks) {
        hooks.healthy = [&](courier& one) { return one.in_hand() && mixed(run_seed, ++book.calls) % 20 != 0; };
        hooks.reset = [&](courier& one) {
            if (one.in_hand() && mixed(run_seed, ++book.calls) % 20 == 0) throw std::runtime_error{"cannot be reset"};
        };
        hooks.retire = [&](courier& one) { (void)one.in_hand(); };
    }
    auto options = sized(how.size, how.max_overflow, how.by);
    options.check_after_idle = 0s;
    if (how.lingers) linger(options);
    {
        courier_pool db{[&] { return courier{book}; }, options, hooks};
        book.sunny = false;
        {
            watcher eye{db, how.meddles ? most_places : how.size + how.max_overflow};
            const auto until = std::chrono::steady_clock::now() + budget;
            std::vector<std::thread> threads;
            for (std::uint64_t i = 0; i < 4; ++i)
                threads.emplace_back([&, i] { actor{db, book, mixed(run_seed, i), how.meddles}.play(until); });
            for (auto& one : threads) one.join();
            CHECK(eye.mistakes() == 0);
        }
        CHECK(book.shared == 0);
        CAPTURE(book.last_wrong.load());
        CHECK(book.wrong_answers == 0);
        CHECK(book.most_pooled <= static_cast<int>(how.meddles ? most_places : how.size + how.max_overflow));

        if (how.lingers) let_the_watchdog_finish(db, book);
        const auto seen = look(db);
        CHECK(seen == counts{.idle = seen.idle});  // nobody holds, nobody waits, nothing under way
        CHECK(db.status().overflow == 0);          // rule 8
        CHECK(book.pooled == static_cast<int>(seen.idle));
        CHECK(book.made - book.destroyed - book.detached == book.pooled);

        db.resume();
        book.sunny = true;
        CHECK(db.prewarm() == db.options().size - seen.idle);
        const auto all = take(db, db.options().size + db.options().max_overflow);  // no place was lost
        CHECK(db.try_checkout().error() == errc::full);
    }
    CHECK(book.pooled == 0);
}

void run_under_every_policy(std::initializer_list<stress> all) {
    const auto policies = every_policy();
    const auto share = stress_budget() / static_cast<int>(all.size() * policies.size());
    std::uint64_t number = 0;
    for (auto how : all) {
        for (const auto& by : policies) {
            how.by = by;
            run(how, share, mixed(seed(), ++number));
        }
    }
}

}  // namespace

TEST_CASE("stress: workers are conserved whatever their consumers do at the same time") {
    run_under_every_policy({{.size = 2, .max_overflow = 2},
                            {.size = 3, .max_overflow = 0},
                            {.size = 0, .max_overflow = 3},
                            {.size = 2, .max_overflow = 1, .hooks = true}});
}

TEST_CASE("stress: workers are conserved though the pool is suspended, restarted and resized meanwhile") {
    run_under_every_policy({{.size = 2, .max_overflow = 2, .meddles = true},
                            {.size = 3, .max_overflow = 0, .hooks = true, .meddles = true}});
}

TEST_CASE("stress: workers are conserved though a watchdog dismisses those that linger meanwhile") {
    run_under_every_policy({{.size = 2, .max_overflow = 2, .hooks = true, .lingers = true},
                            {.size = 1, .max_overflow = 3, .hooks = true, .meddles = true, .lingers = true}});
}
