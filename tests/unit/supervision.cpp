// SPDX-License-Identifier: MIT

// What a pool does when its workers die or its backend does, with a watchdog, a registry, or by itself.
#include <atomic>
#include <chrono>
#include <cstddef>
#include <future>
#include <memory>
#include <optional>
#include <semaphore>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <pooly/pooly.hpp>

#include "support/catch.hpp"
#include "support/code_of.hpp"
#include "support/counted_pool.hpp"
#include "support/gate.hpp"
#include "support/hooked_clock.hpp"
#include "support/manual_clock.hpp"
#include "support/queued_consumer.hpp"
#include "support/recorder.hpp"
#include "support/waiting.hpp"
#include "support/watched.hpp"
#include "support/worker.hpp"

using namespace std::chrono_literals;
using pooly::errc;
using pooly::outage_action;
using pooly::pool_options;
using pooly::pool_registry;
using pooly::pool_state;
using pooly::start_mode;
using pooly::watchdog;
using pooly::test::asks_health;
using pooly::test::backend;
using pooly::test::code_of;
using pooly::test::elsewhere;
using pooly::test::gate;
using pooly::test::hooked_clock;
using pooly::test::manual_clock;
using pooly::test::pass;
using pooly::test::queued_consumer;
using pooly::test::recorder;
using pooly::test::take;
using pooly::test::wait_for_waiters;
using pooly::test::wait_until;
using pooly::test::watchdog_by_hand;
using pooly::test::watched_pool;
using pooly::test::worker;

namespace events = pooly::events;

namespace {

using consumer = queued_consumer<worker, manual_clock>;

/// Options without a watchdog.
pool_options bare(std::size_t size, std::size_t max_overflow = 0) {
    pool_options options;
    options.size = size;
    options.max_overflow = max_overflow;
    options.health_interval = 0s;
    options.check_after_idle = -1s;
    return options;
}

template <class Db>
void kill(Db& db, int times) {
    for (; times > 0; --times) db.checkout().discard();
}

template <class Function>
std::string told_by(Function&& function) {
    try {
        function();
    } catch (const pooly::pool_error& e) {
        return e.what();
    }
    return "nothing was thrown";
}

std::string text_of(const std::exception_ptr& cause) {
    if (!cause) return "none";
    try {
        std::rethrow_exception(cause);
    } catch (const std::exception& e) {
        return e.what();
    }
}

}  // namespace

// Rule 17. ------------------------------------------------------------------------------------------------------------

TEST_CASE("rule 17: five deaths within five seconds are allowed, the sixth is fatal") {
    const auto order = GENERATE(pooly::idle_order::affine, pooly::idle_order::lifo, pooly::idle_order::fifo);
    auto options = bare(3);
    options.order = order;
    watched_pool pool{options};
    for (int i = 0; i < 5; ++i) {
        kill(pool.db, 1);
        manual_clock::advance(1s);
    }
    CHECK(pool.db.status().state == pool_state::ready);
    CHECK(pool.db.status().idle == 3);
    SECTION("at the window's very end") {
        kill(pool.db, 1);
        CHECK(pool.db.status().state == pool_state::failed);
        CHECK(code_of([&] { return pool.db.checkout(); }) == errc::failed);
        CHECK(pool.db.try_checkout().error() == errc::failed);
        CHECK(pool.db.try_checkout_for(1h).error() == errc::failed);
        CHECK(pool.db.stats().failed == 3);
    }
    SECTION("a moment later the first is forgotten") {
        manual_clock::advance(1ns);
        kill(pool.db, 1);
        CHECK(pool.db.status().state == pool_state::ready);
        CHECK(pool.db.try_checkout());
    }
}

TEST_CASE("rule 17: who waits when the pool fails is told at once, and nobody is let in by the way of a waiter") {
    const auto fairness = GENERATE(pooly::fairness_policy::strict_fifo, pooly::fairness_policy::bounded_barging);
    auto options = bare(2);
    options.max_restarts = 0;
    options.fairness = fairness;
    watched_pool pool{options};
    auto held = take(pool.db, 2);
    consumer first{pool.db};
    consumer second{pool.db};
    held.front().discard();
    CHECK(first.answer().error() == errc::failed);
    CHECK(second.answer().error() == errc::failed);
    CHECK(pool.db.status().waiting == 0);
    held.back().checkin();
    CHECK(pool.db.try_checkout().error() == errc::failed);
    CHECK(pool.at.made == 2);
}

TEST_CASE("rule 17: who is told failed is told what killed the last worker, whether he waited or comes later") {
    auto options = bare(1);
    options.max_restarts = 0;
    options.name = "db";
    bool broken = false;
    pooly::pool<int, manual_clock> db{[] { return 1; }, options, {.reset = [&](int&) {
                                          if (broken) throw std::runtime_error{"still open"};
                                      }}};
    auto held = db.checkout(pooly::call_site{"ledger.cpp", "transfer", 118});
    queued_consumer<int, manual_clock> waiting{db};
    auto thrown = elsewhere([&] { return told_by([&] { (void)db.checkout_for(1h); }); });
    wait_for_waiters(db, 2);
    broken = true;
    manual_clock::advance(2s);
    held.checkin();
    CHECK(text_of(waiting.answer().cause()) == "still open");
    CHECK_THAT(thrown.get(), Catch::Matchers::StartsWith("pooly: pool 'db': the pool has failed; waited 2 s; 1 worker "
                                                         "died within 5 s; the last, 0 ns ago: its reset failed: "
                                                         "still open; last lent at ledger.cpp:118 (transfer). Mend"));
    auto refused = db.try_checkout();
    CHECK(refused.error() == errc::failed);
    CHECK(text_of(refused.cause()) == "still open");
    CHECK_THROWS_WITH(std::move(refused).value(),
                      "pooly: the pool has failed; of the last worker that died: still open");
    manual_clock::advance(2s);
    CHECK_THROWS_WITH(db.checkout(),
                      Catch::Matchers::ContainsSubstring(
                          "; 1 worker died within 5 s; the last, 2 s ago: its reset failed: still open; "));
}

TEST_CASE("rule 17: what killed the last worker is let go of when the pool is restarted") {
    struct telling : std::runtime_error {
        using std::runtime_error::runtime_error;
        std::shared_ptr<int> held = std::make_shared<int>();
    };
    std::weak_ptr<int> kept;
    bool broken = true;
    pooly::pool<int> db{[] { return 1; }, {.size = 1, .max_restarts = 0}, {.reset = [&](int&) {
                            if (!broken) return;
                            const telling thrown{"still open"};
                            kept = thrown.held;
                            throw thrown;
                        }}};
    db.checkout().checkin();
    CHECK(!kept.expired());  // who asks is told
    broken = false;
    db.restart();
    CHECK(kept.expired());
}

TEST_CASE("rule 17: where a worker was just discarded, failed has no cause, whatever the factory threw before") {
    auto options = bare(1);
    options.max_restarts = 0;
    options.backoff_base = 0s;
    options.start = start_mode::lazy;
    watched_pool pool{options};
    auto held = pool.db.checkout();
    pool.at.down = true;
    pool.db.resize(2, 0);
    CHECK(pool.db.try_checkout().error() == errc::create_failed);
    pool.at.down = false;
    held.discard();
    CHECK(pool.db.try_checkout().error() == errc::failed);
    CHECK(text_of(pool.db.try_checkout().cause()) == "none");
    CHECK_THROWS_WITH(pool.db.checkout(),
                      Catch::Matchers::ContainsSubstring(" ago: discarded by its holder; last lent at "));
}

TEST_CASE("rule 17: a check-out that meets the dead worker that was one too many is told failed, though others idle") {
    auto options = bare(2);
    options.max_restarts = 0;
    options.check_after_idle = 0s;
    watched_pool pool{options};
    {
        const auto all = take(pool.db, 2);
        all[0]->dead = true;
        all[1]->dead = true;
    }
    CHECK(pool.db.try_checkout().error() == errc::failed);
    CHECK(pool.db.status().idle == 1);
    CHECK(pool.at.made == 2);
}

TEST_CASE("rule 17: a factory that fails never counts") {
    auto options = bare(1);
    options.backoff_base = 0s;
    watched_pool pool{options};
    kill(pool.db, 5);
    pool.at.down = true;
    auto held = pool.db.checkout();
    pool.at.down = true;
    for (int i = 0; i < 20; ++i) CHECK_FALSE(pool.db.try_checkout());
    held.checkin();
    CHECK(pool.db.status().state == pool_state::ready);
    const auto lent = pool.db.checkout();
    CHECK(lent);
}

TEST_CASE("rule 17: workers that one incident killed count once, what comes after it counts again") {
    const bool by_watchdog = GENERATE(false, true);
    const auto dog = watchdog_by_hand();
    auto options = bare(10);
    options.check_after_idle = by_watchdog ? -1s : 0s;
    options.health_interval = by_watchdog ? 1s : 0s;
    options.max_restarts = 1;
    options.watchdog = dog;
    watched_pool pool{options};
    const auto kill_all = [&] {
        manual_clock::advance(1ms);
        for (const auto& one : take(pool.db, 10)) one->dead = true;
        if (by_watchdog) {
            manual_clock::advance(2s);
            dog->sweep();
        } else {
            for (const auto& one : take(pool.db, 10)) CHECK_FALSE(one->dead);
        }
    };
    kill_all();
    CHECK(pool.db.stats().unhealthy == 10);
    CHECK(pool.db.status().state == pool_state::ready);
    CHECK(pool.at.alive == 10);
    manual_clock::advance(1ms);
    kill(pool.db, 1);
    CHECK(pool.db.status().state == pool_state::failed);
}

TEST_CASE("rule 17: what its holder discards always counts") {
    auto options = bare(7);
    watched_pool pool{options};
    auto held = take(pool.db, 7);
    for (int i = 0; i < 5; ++i) held[static_cast<std::size_t>(i)].discard();
    CHECK(pool.db.status().state != pool_state::failed);
    held[5].discard();
    CHECK(pool.db.status().state == pool_state::failed);
}

TEST_CASE("rule 17: what dies while the backend is down does not count") {
    auto options = bare(5);
    options.max_restarts = 1;
    watched_pool pool{options};
    auto held = take(pool.db, 5);
    pool.at.down = true;
    held[0].discard();  // that its place cannot be refilled means down
    CHECK(pool.at.refused == 1);
    for (const std::size_t i : {1U, 2U, 3U}) held[i].discard();
    CHECK(pool.db.status().state != pool_state::failed);
}

TEST_CASE("rule 17: restart() heals a pool that failed, and it may lose as many workers again") {
    watched_pool pool{bare(2)};
    kill(pool.db, 6);
    CHECK(pool.db.status().state == pool_state::failed);
    pool.db.restart();
    CHECK(pool.db.status().idle == 2);
    kill(pool.db, 5);
    CHECK(pool.db.status().state == pool_state::ready);
    kill(pool.db, 1);
    CHECK(pool.db.status().state == pool_state::failed);
}

TEST_CASE("rule 17: a pool without a registry stays failed, watched or not") {
    const auto dog = watchdog_by_hand();
    const auto seen = std::make_shared<recorder>();
    auto options = bare(2);
    if (GENERATE(false, true)) {
        options.watchdog = dog;
        options.observer = seen;
    }
    watched_pool pool{options};
    kill(pool.db, 6);
    for (int i = 0; i < 5; ++i) pass(*dog, 1h);
    CHECK(pool.db.status().state == pool_state::failed);
    CHECK(pool.db.try_checkout().error() == errc::failed);
    for (const auto& told : seen->of<events::failed>()) CHECK_FALSE(told.restart_in);
    pool.db.close();
    CHECK(pool.db.status().state == pool_state::closed);
}

TEST_CASE("rule 17: a registry restarts a pool that failed after a backoff, as a new generation") {
    const auto dog = watchdog_by_hand();
    backend at;
    pool_registry pools{dog};
    auto options = bare(2);
    options.backoff_base = 1s;
    options.backoff_cap = 10s;
    const auto seen = std::make_shared<recorder>();
    options.observer = seen;
    const auto db = pools.add<worker, manual_clock>(
        "db", [&] { return worker{at}; }, options);
    const auto other = pools.add<worker, manual_clock>(
        "other", [&] { return worker{at}; }, options);
    kill(*db, 6);
    pass(*dog, 999ms);
    CHECK(db->status().state == pool_state::failed);
    CHECK(other->try_checkout());
    pass(*dog, 3s);  // a first backoff is at most three times the base
    CHECK(db->status().state == pool_state::ready);
    CHECK(db->checkout().info().generation == 1);
    CHECK(other->checkout().info().generation == 0);
    REQUIRE(seen->count<events::failed>() == 1);
    const auto told = seen->of<events::failed>()[0];
    CHECK((told.restart_in >= 1s && told.restart_in <= 3s));
}

TEST_CASE("rule 17: a pool that fails again and again is restarted ever later, one that was well for long is not") {
    const auto dog = watchdog_by_hand();
    backend at;
    pool_registry pools{dog};
    auto options = bare(1);
    options.max_restarts = 0;
    options.backoff_base = 1s;
    options.backoff_cap = 60s;
    const auto db = pools.add<worker, manual_clock>(
        "db", [&] { return worker{at}; }, options);
    const auto heals_in = [&] {
        kill(*db, 1);
        auto time = 0ms;
        for (; db->status().state == pool_state::failed; time += 100ms) pass(*dog, 100ms);
        return time;
    };
    for (int i = 0; i < 60; ++i) (void)heals_in();
    for (int i = 0; i < 10; ++i) {
        manual_clock::advance(61s);
        CHECK(heals_in() <= 3100ms);
    }
}

// The outage governor.
// --------------------------------------------------------------------------------------------------

TEST_CASE("classic bugs 20 and 27: a backend away for 30 s is tried seldom, and its pool comes back by itself") {
    const auto dog = watchdog_by_hand();
    backend at;
    pool_registry pools{dog};
    auto options = bare(4, 2);
    options.health_interval = 1s;
    options.check_after_idle = 0s;
    options.backoff_cap = 5s;
    const auto db = pools.add<worker, manual_clock>(
        "db", [&] { return worker{at}; }, options, pooly::test::asks_health());
    std::size_t told_failed = 0;
    std::size_t told_unavailable = 0;
    std::size_t others = 0;
    const auto ask = [&] {
        const auto got = db->try_checkout_for(1s);
        if (got) return true;
        if (got.error() == errc::failed)
            ++told_failed;
        else if (got.error() == errc::backend_unavailable)
            ++told_unavailable;
        else
            ++others;
        return false;
    };
    at.down = true;
    for (const auto& one : take(*db, 4)) one->dead = true;
    int steps = 0;
    for (; steps < 300; ++steps) {
        pass(*dog, 100ms);
        for (int i = 0; i < 10; ++i) (void)ask();
    }
    CHECK(told_failed == 0);
    CHECK(told_unavailable > 2000);
    CHECK(others <= static_cast<std::size_t>(at.refused));  // those whose attempt it was
    CHECK(at.refused >= 3);
    CHECK(at.refused <= 60);  // 3 000 asked
    CHECK(db->stats().create_failures == static_cast<std::uint64_t>(at.refused));
    at.down = false;
    bool served = false;
    auto took = 0ms;
    for (; !served && took < 10s; took += 100ms) {
        pass(*dog, 100ms);
        served = ask();
    }
    CHECK(took <= 5100ms);
    pass(*dog, 100ms);
    CHECK(db->status().idle == 4);
    CHECK(take(*db, 6).size() == 6);
    CHECK(told_failed == 0);
    CHECK(db->status().state != pool_state::failed);
}

TEST_CASE("in an outage consumers are told so at once, with its cause, and those who wait as well") {
    const auto dog = watchdog_by_hand();
    auto options = bare(1);
    options.watchdog = dog;
    watched_pool pool{options};
    auto held = pool.db.checkout();
    consumer waiting{pool.db};
    auto thrown = elsewhere([&] { return told_by([&] { (void)pool.db.checkout_for(1h); }); });
    wait_for_waiters(pool.db, 2);
    pool.at.down = true;
    held.discard();
    // The oldest waiter makes the next one, in vain, and is told what happened there; or is told with all others.
    CHECK_FALSE(waiting.answer());
    CHECK(text_of(waiting.answer().cause()) == "the backend is down");
    CHECK_THAT(thrown.get(), Catch::Matchers::ContainsSubstring("unavailable: the backend is down. The pool tries"));
    const auto got = pool.db.try_checkout_for(1h);
    CHECK(got.error() == errc::backend_unavailable);
    CHECK(text_of(got.cause()) == "the backend is down");
    CHECK(pool.db.try_checkout().error() == errc::backend_unavailable);
    CHECK(code_of([&] { return pool.db.checkout(); }) == errc::backend_unavailable);
    CHECK(pool.db.stats().backend_unavailable >= 3);
    CHECK(pool.at.refused == 1);
}

TEST_CASE("all who wait are told of an outage with its cause when no worker is left that could come back") {
    watched_pool pool{bare(2)};
    auto held = take(pool.db, 2);
    consumer first{pool.db};
    consumer second{pool.db};
    consumer third{pool.db};
    pool.at.down = true;
    held[0].discard();
    CHECK(first.answer().error() == errc::create_failed);
    CHECK_FALSE(third.has_answer());  // there is one left that may come back
    held[1].discard();
    CHECK(second.answer().error() == errc::backend_unavailable);
    CHECK(third.answer().error() == errc::backend_unavailable);
    CHECK(text_of(third.answer().cause()) == "the backend is down");
    CHECK(pool.at.refused == 1);
}

TEST_CASE("by option one waits through an outage, and is served within one probe interval of its end") {
    const auto dog = watchdog_by_hand();
    auto options = bare(2);
    options.on_outage = outage_action::wait;
    options.backoff_cap = 2s;
    options.watchdog = dog;
    watched_pool pool{options};
    pool.at.down = true;
    kill(pool.db, 2);
    consumer first{pool.db};
    consumer second{pool.db};
    const auto let_attempts_end = [&] { wait_until([&] { return pool.db.status().making == 0; }); };
    for (int i = 0; i < 50; ++i) {
        pass(*dog, 100ms);
        let_attempts_end();
    }
    CHECK(pool.at.refused <= 20);
    CHECK_FALSE(first.has_answer());  // whoever made the attempts
    CHECK_FALSE(second.has_answer());
    pool.at.down = false;
    let_attempts_end();  // of those that have found it down
    pass(*dog, 2s);
    wait_until([&] { return first.has_answer() || second.has_answer(); });
    pass(*dog, 2s);
    CHECK(first.answer());
    CHECK(second.answer());
}

TEST_CASE("who waits through an outage waits on though it is over when his own attempt has failed") {
    const auto dog = watchdog_by_hand();
    auto options = bare(2);
    options.on_outage = outage_action::wait;
    options.backoff_cap = 2s;
    options.watchdog = dog;
    std::atomic<bool> down{false};
    // The end of an exception is the end of what it holds: that of the first comes with the failure of the second.
    std::shared_ptr<void> at_end{&down, [&](void*) {
                                     down = false;
                                     pass(*dog, 2s);
                                 }};
    struct failure : std::runtime_error {
        explicit failure(std::shared_ptr<void> keeps) : std::runtime_error{"down"}, kept{std::move(keeps)} {}
        std::shared_ptr<void> kept;
    };
    pooly::pool<int, manual_clock> db{[&] {
                                          if (down) throw failure{std::move(at_end)};
                                          return 1;
                                      },
                                      options};
    auto held = take(db, 2);
    down = true;
    for (auto& one : held) one.discard();
    queued_consumer<int, manual_clock> waiting{db};
    manual_clock::advance(2s);
    CHECK(waiting.answer());
    CHECK_FALSE(down);
}

TEST_CASE("who waits through an outage is told when its time is up, and why there was nothing") {
    auto options = bare(2);
    options.on_outage = outage_action::wait;
    options.backoff_cap = 2s;
    options.watchdog = watchdog_by_hand();
    watched_pool pool{options};
    pool.at.down = true;
    kill(pool.db, 2);
    consumer patient{pool.db, 10s};
    for (int attempt = 0; attempt < 3; ++attempt) {  // it tries by itself: nobody has the watchdog look
        const auto before = pool.at.refused.load();
        manual_clock::advance(2s);
        wait_until([&] { return pool.at.refused > before && pool.db.status().waiting == 1; });  // again
    }
    manual_clock::advance(5s);
    CHECK(patient.answer().error() == errc::timeout);
    CHECK(text_of(patient.answer().cause()) == "the backend is down");
    const auto impatient = pool.db.try_checkout();
    CHECK((impatient.error() == errc::backend_unavailable || impatient.error() == errc::create_failed));
}

TEST_CASE("in an outage a newcomer makes no attempt before one who waits, though it is due") {
    std::atomic<bool> down{false};
    std::atomic<int> attempts{0};
    auto options = bare(1);
    options.on_outage = outage_action::wait;
    options.watchdog = watchdog_by_hand();
    pooly::pool<int, hooked_clock> db{[&] {
                                          ++attempts;
                                          if (down) throw std::runtime_error{"down"};
                                          return 1;
                                      },
                                      options};
    auto held = db.checkout();
    down = true;
    held.discard();
    gate at_clock;
    std::atomic<int> looks{0};
    std::atomic<bool> stops{false};
    auto first = std::async(std::launch::async, [&] {
        hooked_clock::on_this_thread = [&] {
            ++looks;
            if (stops.exchange(false)) at_clock();
        };
        const auto got = db.try_checkout_for(1h);
        hooked_clock::on_this_thread = {};
        return got.has_value();
    });
    wait_until([&] { return db.status().waiting == 1; });
    const int enough = looks + 20;
    wait_until([&] { return looks > enough; });  // it sleeps, and looks at its deadline now and then
    stops = true;
    at_clock.at_work.acquire();
    hooked_clock::advance(2s);
    down = false;
    const int before = attempts;
    CHECK(db.try_checkout().error() == errc::backend_unavailable);
    CHECK(attempts == before);
    at_clock.go_on.release();
    CHECK(first.get());
    CHECK(attempts == before + 1);
}

TEST_CASE("without a watchdog one who waits tries again when the next attempt is due") {
    auto options = bare(2);
    options.backoff_base = 1s;
    watched_pool pool{options};
    auto held = take(pool.db, 2);
    pool.at.down = true;
    held[0].discard();
    CHECK(pool.at.refused == 1);
    pool.at.down = false;
    consumer waiting{pool.db};
    CHECK_FALSE(waiting.has_answer());
    manual_clock::advance(4s);
    CHECK(waiting.worker()->number() == 3);
    CHECK(pool.db.status().live == 2);
}

TEST_CASE("at most max_connecting consumers are in the factory at once, the next gets its turn when one is done") {
    const bool fails = GENERATE(false, true);
    std::counting_semaphore<> at_work{0};
    std::counting_semaphore<> go_on{0};
    std::atomic<bool> first_fails{fails};
    auto options = bare(4);
    options.start = start_mode::lazy;
    options.backoff_base = 0s;
    pooly::pool db{[&] {
                       at_work.release();
                       go_on.acquire();
                       if (first_fails.exchange(false)) throw std::runtime_error{"no"};
                       return 1;
                   },
                   options};
    const auto ask = [&] { return db.try_checkout_for(1h); };
    auto a = elsewhere(ask);
    auto b = elsewhere(ask);
    at_work.acquire();
    at_work.acquire();
    auto c = elsewhere(ask);
    wait_for_waiters(db);
    CHECK(db.status().making == 2);
    CHECK_FALSE(at_work.try_acquire());
    go_on.release();
    at_work.acquire();  // the third one's turn
    go_on.release(2);
    const auto got_a = a.get();
    const auto got_b = b.get();
    CHECK(c.get());
    CHECK((got_a ? 1 : 0) + (got_b ? 1 : 0) == (fails ? 1 : 2));
}

TEST_CASE("restart() throws what another's attempt threw if that came before its own") {
    auto hooks = asks_health();
    watched_pool* it = nullptr;
    hooks.retire = [&](worker&) { CHECK_FALSE(it->db.try_checkout()); };
    watched_pool pool{bare(1, 1), hooks};
    it = &pool;
    pool.at.down = true;
    CHECK_THROWS_WITH(pool.db.restart(), "the backend is down");
    CHECK(pool.at.refused == 1);
}

TEST_CASE("restart() and prewarm() try at once in an outage") {
    watched_pool pool{bare(2)};
    pool.at.down = true;
    kill(pool.db, 2);
    CHECK(pool.at.refused == 1);
    CHECK_THROWS_AS(pool.db.prewarm(), std::runtime_error);
    CHECK(pool.at.refused == 2);
    CHECK_THROWS_AS(pool.db.restart(), std::runtime_error);
    CHECK(pool.at.refused == 3);
    pool.at.down = false;
    CHECK(pool.db.prewarm() == 2);
}
