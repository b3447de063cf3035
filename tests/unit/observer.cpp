// SPDX-License-Identifier: MIT

// What the observer of a pool is told, and when.
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <semaphore>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include <pooly/pooly.hpp>

#include "support/catch.hpp"
#include "support/counted_pool.hpp"
#include "support/manual_clock.hpp"
#include "support/queued_consumer.hpp"
#include "support/recorder.hpp"
#include "support/waiting.hpp"
#include "support/watched.hpp"
#include "support/worker.hpp"

using namespace std::chrono_literals;
using pooly::pool_event;
using pooly::pool_options;
using pooly::test::asks_health;
using pooly::test::backend;
using pooly::test::elsewhere;
using pooly::test::let_it_look;
using pooly::test::manual_clock;
using pooly::test::pass;
using pooly::test::queued_consumer;
using pooly::test::quiet;
using pooly::test::recorder;
using pooly::test::take;
using pooly::test::wait_for_waiters;
using pooly::test::wait_until;
using pooly::test::watchdog_by_hand;
using pooly::test::watched_pool;
using pooly::test::worker;

namespace events = pooly::events;

namespace {

pool_options observed(std::size_t size, std::shared_ptr<pooly::pool_observer> by,
                      std::shared_ptr<pooly::watchdog> dog) {
    pool_options options;
    options.name = "db";
    options.size = size;
    options.health_interval = 0s;
    options.check_after_idle = -1s;
    options.observer = std::move(by);
    options.watchdog = std::move(dog);
    return options;
}

/// The kinds of some events, by their place among the alternatives.
std::vector<std::size_t> kinds(const std::vector<pool_event>& all) {
    std::vector<std::size_t> found;
    for (const auto& one : all) found.push_back(one.what.index());
    return found;
}
template <class Event>
const std::size_t kind = events::any{Event{}}.index();

}  // namespace

TEST_CASE("events come in order, with the pool's name and numbers without a gap") {
    const auto dog = watchdog_by_hand();
    const auto seen = std::make_shared<recorder>();
    {
        watched_pool pool{observed(1, seen, dog)};
        auto held = pool.db.checkout();
        held.discard();
        pool.db.restart();
        dog->sweep();
        CHECK(kinds(seen->all()) == std::vector<std::size_t>{kind<events::created>, kind<events::discarded>,
                                                             kind<events::created>, kind<events::replaced>,
                                                             kind<events::restarted>, kind<events::retired>,
                                                             kind<events::created>});
        CHECK(seen->of<events::discarded>()[0].worker == 1);
        CHECK(seen->of<events::discarded>()[0].reason == events::death::discarded);
        CHECK(seen->of<events::replaced>()[0].instead_of == 1);
        CHECK(seen->of<events::replaced>()[0].worker == 2);
        CHECK(seen->of<events::retired>()[0].reason == events::retirement::outdated);
        CHECK(seen->of<events::restarted>()[0].generation == 1);
        CHECK(seen->of<events::created>()[2].generation == 1);
    }
    CHECK(seen->of<events::retired>().back().reason == events::retirement::closed);  // told to the last
    std::uint64_t number = 0;
    for (const auto& one : seen->all()) {
        CHECK(one.number == ++number);
        CHECK(*one.pool == "db");
    }
}

TEST_CASE("a death is told with what the hook threw, or what was handled where the worker was discarded") {
    const auto dog = watchdog_by_hand();
    const auto seen = std::make_shared<recorder>();
    auto options = observed(1, seen, dog);
    options.check_after_idle = 0s;
    options.max_restarts = pool_options::unlimited;
    const auto fail = [](bool& one, const char* why) {
        if (std::exchange(one, false)) throw std::runtime_error{why};
    };
    bool sick = false;
    bool dirty = false;
    bool stuck = false;
    bool well = true;
    pooly::pool<int, manual_clock> db{[] { return 1; },
                                      options,
                                      {.healthy =
                                           [&](int&) {
                                               fail(sick, "no answer");
                                               return std::exchange(well, true);
                                           },
                                       .reset = [&](int&) { fail(dirty, "still open"); },
                                       .rollback = [&](int&) { fail(stuck, "connection lost"); }}};
    const pooly::call_site where{"ledger.cpp", "transfer", 118};
    dirty = true;
    (void)db.checkout(where);
    stuck = true;
    (void)db.begin();
    sick = true;
    try {
        throw std::logic_error{"the consumer's own, in which a health check has no part"};
    } catch (const std::logic_error&) {
        (void)db.checkout();
        well = false;
        (void)db.checkout();
    }
    try {
        throw std::runtime_error{"broken pipe"};
    } catch (const std::runtime_error&) {
        db.checkout().discard();
    }
    db.checkout().discard();
    dog->sweep();
    const auto deaths = seen->of<events::discarded>();
    REQUIRE(deaths.size() == 6);
    CHECK(deaths[0].where == where);
    CHECK(deaths[2].where == pooly::call_site{});  // nobody ever had that one
    std::vector<std::pair<events::death, std::string>> causes;
    for (const auto& one : deaths) causes.emplace_back(one.reason, one.cause);
    using events::death;
    CHECK(causes == std::vector<std::pair<death, std::string>>{{death::reset_failed, "still open"},
                                                               {death::rollback_failed, "connection lost"},
                                                               {death::unhealthy, "no answer"},
                                                               {death::unhealthy, ""},
                                                               {death::discarded, "broken pipe"},
                                                               {death::discarded, ""}});
}

TEST_CASE("a death is told with its own cause, and not with that of another which it comes of") {
    const auto dog = watchdog_by_hand();
    const auto seen = std::make_shared<recorder>();
    pooly::pool<int, manual_clock> db{[] { return 1; }, observed(1, seen, dog)};
    struct wrapper {
        pooly::lease<int> inner;
    };
    bool stuck = false;
    pooly::pool<wrapper> outer{[&] { return wrapper{db.checkout()}; },
                               {.size = 1, .start = pooly::start_mode::lazy},
                               {.reset =
                                    [&](wrapper&) {
                                        if (!stuck) throw std::runtime_error{"still open"};
                                    },
                                .retire = [](wrapper& one) { one.inner.discard(); },
                                .rollback = [](wrapper&) { throw std::runtime_error{"connection lost"}; }}};
    outer.checkout().checkin();
    stuck = true;
    (void)outer.begin();
    dog->sweep();
    const auto deaths = seen->of<events::discarded>();
    REQUIRE(deaths.size() == 2);
    CHECK(deaths[0].cause.empty());
    CHECK(deaths[1].cause.empty());
}

TEST_CASE("a worker that dies as an overflow one, or before a restart, waits for no successor") {
    const auto dog = watchdog_by_hand();
    const auto seen = std::make_shared<recorder>();
    auto options = observed(1, seen, dog);
    options.max_overflow = 1;
    options.start = pooly::start_mode::lazy;
    options.backoff_base = options.backoff_cap;
    watched_pool pool{options};
    {
        auto held = take(pool.db, 2);
        held.back().discard();
    }
    CHECK(take(pool.db, 2).size() == 2);
    {
        auto last = pool.db.checkout();
        pool.at.down = true;
        last.discard();
    }
    CHECK(pool.at.refused == 1);
    pool.db.restart();
    pool.at.down = false;
    CHECK(pool.db.prewarm() == 1);
    dog->sweep();
    CHECK(seen->count<events::discarded>() == 2);
    CHECK(seen->count<events::created>() == 4);
    CHECK(seen->count<events::replaced>() == 0);
}

TEST_CASE("events of each kind are told") {
    const auto dog = watchdog_by_hand();
    const auto seen = std::make_shared<recorder>();
    auto options = observed(2, seen, dog);
    options.max_waiters = 1;
    options.max_restarts = 1;
    options.check_timeout = 5ms;
    options.max_lifetime = 100s;
    options.overdue_after = 50s;
    options.checkout_timeout = 2s;
    options.health_interval = 20s;
    std::atomic<bool> hang{false};
    std::binary_semaphore go_on{0};
    std::atomic<bool> dead{false};
    auto hooks = asks_health();
    hooks.healthy = [&](worker&) {
        if (hang.exchange(false)) go_on.acquire();
        return !dead.exchange(false);
    };
    watched_pool pool{options, hooks};
    auto held = take(pool.db, 2);
    {
        queued_consumer waiting{pool.db};
        CHECK(pool.db.try_checkout_for(1s).error() == pooly::errc::overloaded);
        manual_clock::advance(1s);
        held.pop_back();
        CHECK(waiting.answer());
        dog->sweep();
        CHECK(seen->count<events::shed>() == 1);
        REQUIRE(seen->count<events::checked_out_late>() == 1);
        CHECK(seen->of<events::checked_out_late>()[0].waited == 1s);
    }
    pass(*dog, 51s);
    CHECK(seen->count<events::overdue>() == 1);
    held.clear();
    dog->sweep();
    CHECK(seen->count<events::restored>() == 1);
    pass(*dog, 101s);
    CHECK(seen->count<events::retired>() == 2);
    dead = true;
    pass(*dog, 21s);
    REQUIRE(seen->count<events::discarded>() == 1);
    CHECK(seen->of<events::discarded>()[0].reason == events::death::unhealthy);
    hang = true;
    pass(*dog, 21s);
    CHECK(seen->count<events::stuck>() == 1);
    go_on.release();
    wait_until([&] { return pool.db.status().late == 0; });
    pool.at.down = true;
    pool.db.checkout().discard();
    dog->sweep();
    REQUIRE(seen->count<events::backend_down>() == 1);
    CHECK(seen->of<events::backend_down>()[0].cause == "the backend is down");
    pool.at.down = false;
    pass(*dog, 10s);
    CHECK(seen->count<events::backend_up>() == 1);
    manual_clock::advance(10s);
    for (int i = 0; i < 2; ++i) pool.db.checkout().discard();
    pool.db.restart();
    dog->sweep();
    CHECK(seen->count<events::failed>() == 1);
    CHECK(seen->count<events::restarted>() == 1);
    CHECK(seen->count<events::replaced>() >= 1);
    CHECK(seen->count<events::created>() >= 5);
    std::uint64_t number = 0;
    for (const auto& one : seen->all()) CHECK(one.number == ++number);
}

namespace {

/// Keeps what it is told, and in which threads.
struct whereabouts final : pooly::pool_observer {
    recorder rest;
    std::mutex in_use_by_the_program;
    std::set<std::thread::id> threads;
    void notify(const pool_event& event) override {
        const std::lock_guard guard{in_use_by_the_program};
        threads.insert(std::this_thread::get_id());
        rest.notify(event);
    }
};

}  // namespace

TEST_CASE("the last events of a pool are told before its destructor returns, and by the watchdog, not in its thread") {
    const auto seen = std::make_shared<whereabouts>();
    { const watched_pool pool{observed(1, seen, std::make_shared<pooly::watchdog>())}; }
    CHECK(seen->rest.count<events::created>() == 1);
    CHECK(seen->rest.count<events::retired>() == 1);
    CHECK(seen->threads.count(std::this_thread::get_id()) == 0);
}

TEST_CASE("the end of a worker that comes home after its pool is gone is told, by the watchdog if it goes round") {
    const bool by_hand = GENERATE(true, false);
    const auto dog = by_hand ? watchdog_by_hand() : std::make_shared<pooly::watchdog>();
    const auto seen = std::make_shared<whereabouts>();
    backend at;
    pooly::lease<worker> held;
    {
        pooly::pool db{[&] { return worker{at}; }, observed(2, seen, dog)};
        held = db.checkout();
    }
    CHECK(seen->rest.count<events::retired>() == (by_hand ? 0 : 1));  // of the idle one; nobody had it told
    if (by_hand) {
        held.checkin();
    } else {
        const std::lock_guard guard{seen->in_use_by_the_program};  // what its holder has locked no observer waits for
        held.checkin();
        CHECK(at.alive == 0);
    }
    wait_until([&] { return seen->rest.count<events::retired>() == 2; });
    CHECK(seen->rest.count<events::created>() == 2);
    if (!by_hand) CHECK(seen->threads.count(std::this_thread::get_id()) == 0);
}

TEST_CASE("a crowd of consumers that is turned away is told at once, and then once a second") {
    const auto seen = std::make_shared<recorder>();
    const auto dog = watchdog_by_hand();
    auto options = observed(0, seen, dog);
    options.max_overflow = 1;
    options.backoff_base = options.backoff_cap = 100s;
    watched_pool pool{options};
    pool.at.down = true;
    CHECK(pool.db.try_checkout().error() == pooly::errc::create_failed);
    CHECK(pool.db.status().backend_down);
    const auto ask = [&](int times) {
        for (int i = 0; i < times; ++i) CHECK(pool.db.try_checkout_for(1s).error() == pooly::errc::backend_unavailable);
    };
    ask(2000);  // more than the queue has room for
    dog->sweep();
    REQUIRE(seen->count<events::shed>() == 1);
    CHECK(seen->of<events::shed>()[0].times == 1);
    CHECK(pool.db.stats().dropped_events == 0);

    SECTION("the rest as one, by the watchdog") {
        pass(*dog, 999ms);
        CHECK(seen->count<events::shed>() == 1);
        pass(*dog, 1ms);
        REQUIRE(seen->count<events::shed>() == 2);
        const auto sum = seen->of<events::shed>()[1];
        CHECK((sum.times == 1999 && sum.reason == pooly::errc::backend_unavailable && sum.where.line > 0));
        pass(*dog, 10s);
        CHECK(seen->count<events::shed>() == 2);
        ask(1);
        dog->sweep();
        REQUIRE(seen->count<events::shed>() == 3);
        CHECK(seen->of<events::shed>()[2].times == 1);
    }
    SECTION("or by the next one who is turned away") {
        manual_clock::advance(1s);
        ask(1);
        dog->sweep();
        REQUIRE(seen->count<events::shed>() == 2);
        CHECK(seen->of<events::shed>()[1].times == 2000);
    }
    SECTION("or when the pool is closed") {
        pool.db.close();
        dog->sweep();
        REQUIRE(seen->count<events::shed>() == 2);
        CHECK(seen->of<events::shed>()[1].times == 1999);
    }
}

TEST_CASE("in the background those who were turned away are summed up though nobody asks any more") {
    const auto seen = std::make_shared<recorder>();
    const auto dog = std::make_shared<pooly::watchdog>();
    auto options = observed(1, seen, dog);
    options.max_waiters = 0;
    watched_pool pool{options};
    const auto held = pool.db.checkout();
    const auto ask = [&] { CHECK(pool.db.try_checkout_for(1s).error() == pooly::errc::overloaded); };
    ask();
    wait_until([&] { return seen->count<events::shed>() == 1; });
    auto looks = quiet(1, dog);
    looks.health_interval = 1ms;
    const watched_pool other{looks};
    let_it_look(other.db);  // nothing is due in the first pool any more
    ask();
    ask();
    manual_clock::advance(1s);
    wait_until([&] { return seen->count<events::shed>() == 2; });
    CHECK(seen->of<events::shed>()[1].times == 2);
}

TEST_CASE("what happens while an observer blocks is kept up to 1024 events, the rest is dropped and counted") {
    struct blocking final : pooly::pool_observer {
        recorder rest;
        std::binary_semaphore at_work{0};
        std::binary_semaphore go_on{0};
        std::atomic<bool> first{true};
        void notify(const pool_event& event) override {
            if (first.exchange(false)) {
                at_work.release();
                go_on.acquire();
            }
            rest.notify(event);
        }
    };
    const auto seen = std::make_shared<blocking>();
    auto options = observed(0, seen, std::make_shared<pooly::watchdog>());
    options.max_overflow = 1;
    watched_pool pool{options};
    pool.db.checkout().checkin();  // created and retired
    seen->at_work.acquire();
    for (int i = 0; i < 1000; ++i) pool.db.checkout().checkin();
    CHECK(pool.db.try_checkout());  // nobody waits for it
    const auto dropped = pool.db.stats().dropped_events;
    CHECK(dropped >= 2 * 1001 - 1024 - 1);
    CHECK(dropped <= 2 * 1002 - 1024);
    seen->go_on.release();
    wait_until([&] { return seen->rest.all().size() >= 2 * 1002 - dropped; });
    CHECK(seen->rest.all().size() == 2 * 1002 - dropped);
    pool.db.checkout().checkin();
    wait_until([&] { return seen->rest.all().size() >= 2 * 1003 - dropped; });
    CHECK(seen->rest.all().back().number == 2 * 1003);  // the gap shows what is missing
}

TEST_CASE("an observer that throws is counted, and told the next event all the same") {
    struct throwing final : pooly::pool_observer {
        std::atomic<int> told{0};
        void notify(const pool_event&) override {
            ++told;
            throw std::runtime_error{"not today"};
        }
    };
    const auto dog = watchdog_by_hand();
    const auto seen = std::make_shared<throwing>();
    {
        watched_pool pool{observed(3, seen, dog)};
        dog->sweep();
        CHECK(seen->told == 3);
        CHECK(pool.db.stats().observer_failures == 3);
        CHECK(pool.db.stats().dropped_events == 0);
        CHECK(take(pool.db, 3).size() == 3);
    }
    CHECK(seen->told == 6);  // to the last, too
}

TEST_CASE("I5: an observer may use its pool, whatever it is told") {
    using pool_of_ints = pooly::pool<int, manual_clock>;
    struct busy final : pooly::pool_observer {
        pool_of_ints* db = nullptr;
        int told = 0;
        void notify(const pool_event&) override {
            ++told;
            if (db == nullptr) return;
            (void)db->status();
            (void)db->stats();
            (void)db->holders();
            (void)db->try_checkout();
            if (told == 3) db->checkout().discard();
            if (told == 4) db->restart();
        }
    };
    const auto dog = watchdog_by_hand();
    const auto seen = std::make_shared<busy>();
    pool_of_ints db{[] { return 1; }, observed(2, seen, dog)};
    seen->db = &db;
    db.checkout().discard();
    dog->sweep();
    CHECK(seen->told >= 8);
    seen->db = nullptr;
    CHECK(db.status().idle == 2);
}

TEST_CASE("one observer may serve pools of any type") {
    const auto dog = watchdog_by_hand();
    const auto seen = std::make_shared<recorder>();
    pooly::pool of_ints{[] { return 1; }, observed(2, seen, dog)};
    pooly::pool of_strings{[] { return std::string{}; }, observed(3, seen, dog)};
    dog->sweep();
    CHECK(seen->count<events::created>() == 5);
}

TEST_CASE("a pool whose first worker cannot be made throws at once, and its observer was told") {
    const auto seen = std::make_shared<recorder>();
    const auto patience = GENERATE(0s, 3600s);
    const auto fail = []() -> int { throw std::runtime_error{"refused"}; };
    CHECK_THROWS_WITH(pooly::pool(fail, {.check_timeout = patience, .observer = seen}), "refused");
    CHECK(seen->count<events::backend_down>() == 1);
}

TEST_CASE("an outage is told once, though somebody restarts the pool in the middle of it") {
    const auto seen = std::make_shared<recorder>();
    backend at;
    {
        pooly::pool db{[&] { return worker{at}; }, {.size = 1, .observer = seen, .watchdog = watchdog_by_hand()}};
        at.down = true;
        for (int i = 0; i < 3; ++i) CHECK_THROWS(db.restart());
        at.down = false;
        db.restart();
    }
    CHECK(seen->count<events::backend_down>() == 1);
    CHECK(seen->count<events::backend_up>() == 1);
    CHECK(seen->count<events::restarted>() == 4);
}
