// SPDX-License-Identifier: MIT

// What it costs when user code that the watchdog calls does not return: one thread, and no place.
#include <atomic>
#include <chrono>
#include <cstddef>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <pooly/pooly.hpp>

#include "support/catch.hpp"
#include "support/counted_pool.hpp"
#include "support/gate.hpp"
#include "support/manual_clock.hpp"
#include "support/recorder.hpp"
#include "support/waiting.hpp"
#include "support/watched.hpp"
#include "support/worker.hpp"

using namespace std::chrono_literals;
using pooly::errc;
using pooly::pool_options;
using pooly::pool_registry;
using pooly::pool_state;
using pooly::pool_status;
using pooly::start_mode;
using pooly::watchdog;
using pooly::test::asks_health;
using pooly::test::backend;
using pooly::test::elsewhere;
using pooly::test::gate;
using pooly::test::let_it_look;
using pooly::test::manual_clock;
using pooly::test::pass;
using pooly::test::quiet;
using pooly::test::recorder;
using pooly::test::take;
using pooly::test::wait_until;
using pooly::test::watchdog_by_hand;
using pooly::test::watched_pool;
using pooly::test::worker;

namespace events = pooly::events;

namespace {

/// After this a call is stuck; nothing that returns takes so long.
constexpr auto patience = 50ms;

pool_options impatient(std::size_t size, std::shared_ptr<watchdog> by, std::size_t max_overflow = 0) {
    auto options = quiet(size, std::move(by), max_overflow);
    options.check_timeout = patience;
    return options;
}

/// Whether the numbers of a status agree with each other and with the places there are.
bool adds_up(const pool_status& seen, std::size_t places) {
    return seen.live == seen.idle + seen.in_use + seen.making + seen.checking + seen.retiring &&
           seen.live - seen.retiring <= places;
}

/// All workers that are to be had at once.
template <class Db>
auto take_all(Db& db) {
    std::vector<pooly::lease<typename Db::worker_type>> taken;
    while (auto one = db.try_checkout()) taken.push_back(std::move(one).value());
    return taken;
}

/// A pool whose health check does not return.
struct hanging_pool {
    explicit hanging_pool(std::shared_ptr<watchdog> by, std::size_t size = 1,
                          std::shared_ptr<pooly::pool_observer> observer = nullptr)
        : db{[this] { return worker{at}; },
             {.size = size,
              .check_after_idle = -1s,
              .health_interval = 10s,
              .check_timeout = patience,
              .observer = std::move(observer),
              .watchdog = std::move(by)},
             {.healthy = [this](worker& one) {
                 if (one.number() == 1) at_check();
                 return true;
             }}} {}
    /// Its hook refers to this, so it has to be through before this ends.
    void let_go() {
        at_check.go_on.release();
        wait_until([&] { return db.status().late == 0 && db.status().retiring == 0; });
    }

    gate at_check;
    backend at;
    pooly::pool<worker, manual_clock> db;
};

/// A pool whose factory does not return.
struct starting_pool {
    starting_pool(std::shared_ptr<watchdog> by, std::size_t size, std::chrono::nanoseconds timeout)
        : db{[this] { return at_factory(), 1; }, options_of(std::move(by), size, timeout)} {}
    ~starting_pool() {
        at_factory.go_on.release(1000);
        wait_until([&] { return db.status().late == 0 && db.status().making == 0; });
    }

    static pool_options options_of(std::shared_ptr<watchdog> by, std::size_t size, std::chrono::nanoseconds timeout) {
        auto options = quiet(size, std::move(by));
        options.start = start_mode::background;
        options.check_timeout = timeout;
        options.max_connecting = size;
        return options;
    }

    gate at_factory;
    pooly::pool<int, manual_clock> db;
};

}  // namespace

TEST_CASE("a health check that hangs is told once, its worker's place is given away, and no other pool is delayed") {
    const auto dog = watchdog_by_hand();
    const auto seen = std::make_shared<recorder>();
    hanging_pool pool{dog, 1, seen};
    watched_pool other{{.size = 2, .check_after_idle = -1s, .health_interval = 10s, .watchdog = dog}};
    pass(*dog, 11s);  // returns
    CHECK(other.db.stats().health_checks == 2);
    CHECK(pool.db.status().late == 1);
    CHECK(pool.db.stats().stuck == 1);
    for (int i = 0; i < 3; ++i) pass(*dog, 11s);
    CHECK(other.db.stats().health_checks == 8);
    CHECK(pool.db.status().idle == 1);
    CHECK(pool.db.checkout()->number() == 2);
    const auto told = seen->of<events::stuck>();
    REQUIRE(told.size() == 1);
    CHECK(std::string{told[0].what} == "healthy");
    CHECK(told[0].worker == 1);
    CHECK(told[0].lasted >= patience);
    pool.let_go();
    CHECK(pool.at.alive == 1);
    CHECK(pool.db.status().idle == 1);
}

TEST_CASE("the other workers of a pool are checked while one check hangs") {
    const auto dog = watchdog_by_hand();
    hanging_pool pool{dog, 3};
    for (int i = 0; i < 3; ++i) pass(*dog, 11s);
    CHECK(pool.db.stats().stuck == 1);
    CHECK(pool.db.stats().health_checks >= 4);
    CHECK(pool.db.status().idle == 3);
    pool.let_go();
}

TEST_CASE("a pool may be destroyed while its health check hangs, and so may its watchdog") {
    auto dog = watchdog_by_hand();
    const auto alive = std::make_shared<std::atomic<int>>(0);
    const auto at_check = std::make_shared<gate>();
    {
        pooly::worker_hooks<std::shared_ptr<int>> hooks;
        hooks.healthy = [at_check](std::shared_ptr<int>&) { return (*at_check)(), true; };
        pooly::pool<std::shared_ptr<int>, manual_clock> db{
            [alive] {
                ++*alive;
                return std::shared_ptr<int>{new int{1}, [alive](int* one) {
                                                --*alive;
                                                delete one;
                                            }};
            },
            {.size = 2, .check_after_idle = -1s, .health_interval = 10s, .check_timeout = patience, .watchdog = dog},
            hooks};
        pass(*dog, 11s);
        CHECK(db.stats().stuck >= 1);
    }
    dog.reset();
    CHECK(*alive >= 1);
    at_check->go_on.release(8);
    wait_until([&] { return *alive == 0; });
}

TEST_CASE("a factory that hangs is told as stuck, and the pools beside it go on") {
    const auto dog = watchdog_by_hand();
    const auto seen = std::make_shared<recorder>();
    gate at_factory;
    auto options = quiet(2, dog);
    options.start = start_mode::background;
    options.check_timeout = patience;
    options.max_connecting = 1;
    options.observer = seen;
    pooly::pool<int, manual_clock> db{[&] { return at_factory(), 1; }, options};
    watched_pool other{{.size = 1, .health_interval = 10s, .watchdog = dog}};
    pass(*dog, 11s);
    pass(*dog, 11s);
    CHECK(other.db.stats().health_checks == 2);
    const auto stuck = seen->of<events::stuck>();
    REQUIRE(stuck.size() == 2);  // as many as there are places: none is called that could not be given away
    for (const auto& one : stuck) CHECK(std::string{one.what} == "factory");
    CHECK(db.stats().stuck == 2);
    CHECK(db.status().late == 2);
    CHECK(db.status().live == 0);
    at_factory.go_on.release(2);
    wait_until([&] { return db.status().late == 0; });
    dog->sweep();
    CHECK(db.status().idle == 2);
    CHECK(db.status().live == 2);
}

TEST_CASE("in the background a check that hangs delays no other pool") {
    const auto dog = std::make_shared<watchdog>();
    std::vector<std::unique_ptr<hanging_pool>> hanging;
    for (int i = 0; i < 5; ++i) hanging.push_back(std::make_unique<hanging_pool>(dog));
    watched_pool other{{.size = 1, .check_after_idle = -1s, .health_interval = 1ms, .watchdog = dog}};
    manual_clock::advance(11s);
    for (const auto& one : hanging) wait_until([&] { return one->db.stats().stuck == 1; });
    let_it_look(other.db);
    for (const auto& one : hanging) {
        wait_until([&] { return one->db.status().idle == 1; });
        one->let_go();
    }
}

// Other pools. --------------------------------------------------------------------------------------------------------

TEST_CASE("a sweep is through when all that hangs is found stuck, and what waited behind it is done") {
    const auto dog = watchdog_by_hand();
    starting_pool hanging{dog, 3, patience};
    watched_pool other{{.size = 2, .check_after_idle = -1s, .health_interval = 10s, .watchdog = dog}};
    pass(*dog, 11s);
    CHECK(hanging.db.stats().stuck == 3);
    CHECK(other.db.stats().health_checks == 2);
}

TEST_CASE("in the background no pool's check waits for the factories of another, however long these may take") {
    const auto dog = std::make_shared<watchdog>();
    starting_pool hanging{dog, 4, 0s};
    for (int i = 0; i < 4; ++i) hanging.at_factory.at_work.acquire();
    watched_pool other{{.size = 1, .check_after_idle = -1s, .health_interval = 10s, .watchdog = dog}};
    manual_clock::advance(11s);
    wait_until([&] { return other.db.stats().health_checks == 1; });
    CHECK(hanging.db.stats().stuck == 0);
}

TEST_CASE("a pool that ends waits for nobody else's factories until its events are told") {
    const auto dog = std::make_shared<watchdog>();
    starting_pool hanging{dog, 4, 0s};
    for (int i = 0; i < 4; ++i) hanging.at_factory.at_work.acquire();
    const auto seen = std::make_shared<recorder>();
    {
        auto options = quiet(1, dog);
        options.check_timeout = 24h;
        options.observer = seen;
        const watched_pool ends{options};
    }
    CHECK(seen->count<events::retired>() == 1);
}

TEST_CASE("of a pool all of whose checks hang four are called, its places are lent, and other pools are attended") {
    const bool by_hand = GENERATE(true, false);
    const auto dog = by_hand ? watchdog_by_hand() : std::make_shared<watchdog>();
    gate at_check;
    auto options = impatient(32, dog);
    options.health_interval = 10s;
    auto hooks = asks_health();
    std::atomic<int> called{0};
    hooks.healthy = [&](worker&) { return ++called, at_check(), true; };
    watched_pool pool{options, hooks};
    watched_pool other{{.size = 1, .check_after_idle = -1s, .health_interval = 1ms, .watchdog = dog}};
    manual_clock::advance(11s);
    if (by_hand) dog->sweep();
    wait_until([&] { return pool.db.stats().stuck >= 4; });  // on a busy machine the factory may seem to be stuck, too
    if (by_hand) {
        for (int i = 0; i < 3; ++i) pass(*dog, 11s);
        CHECK(other.db.stats().health_checks == 4);
    } else {
        let_it_look(other.db);
    }
    CHECK(called == 4);
    wait_until([&] { return pool.db.status().late == 4; });
    CHECK(take_all(pool.db).size() == 32);
    at_check.go_on.release(1000);
    wait_until([&] { return pool.db.status().late == 0 && pool.db.status().checking == 0; });
    CHECK(adds_up(pool.db.status(), 32));
}

// Places. -------------------------------------------------------------------------------------------------------------

TEST_CASE(
    "a retire hook that hangs in the watchdog's hands gives its worker's place away, and ends nothing else late") {
    const auto dog = watchdog_by_hand();
    const auto seen = std::make_shared<recorder>();
    gate at_retire;
    std::optional<pool_status> before;
    const watched_pool* it = nullptr;
    auto options = impatient(2, dog);
    options.max_lifetime = 10s;
    options.lifetime_jitter = 0;
    options.observer = seen;
    auto hooks = asks_health();
    hooks.retire = [&](worker& one) {
        if (one.number() != 1) return;
        before = it->db.status();
        at_retire();
    };
    watched_pool pool{options, hooks};
    it = &pool;
    pass(*dog, 11s);
    at_retire.at_work.acquire();
    REQUIRE(before);
    CHECK(before->retiring + before->late == 1);
    CHECK(adds_up(*before, 2));
    const auto during = pool.db.status();
    CHECK(during.late == 1);
    CHECK(during.retiring == 0);
    CHECK(during.idle == 2);
    CHECK(adds_up(during, 2));
    CHECK(pool.at.alive == 3);
    CHECK(pool.db.stats().written_off == 1);
    const auto told = seen->of<events::stuck>();
    REQUIRE(told.size() == 1);
    CHECK(std::string{told[0].what} == "retire");
    CHECK(told[0].worker == 1);
    at_retire.go_on.release();
    wait_until([&] { return pool.db.status().late == 0; });
    CHECK(pool.db.status().idle == 2);
    CHECK(adds_up(pool.db.status(), 2));
    CHECK(pool.at.alive == 2);
    CHECK(take_all(pool.db).size() == 2);
}

TEST_CASE(
    "a factory that hangs gives its place and its turn to connect away, and what it makes is kept if there is room") {
    const bool room = GENERATE(true, false);
    const auto dog = watchdog_by_hand();
    gate at_factory;
    std::atomic<bool> hangs{true};
    backend at;
    auto options = impatient(1, dog);
    options.start = start_mode::background;
    options.max_connecting = 1;
    pooly::pool<worker, manual_clock> db{[&] {
                                             if (hangs.exchange(false)) at_factory();
                                             return worker{at};
                                         },
                                         options};
    dog->sweep();
    CHECK(db.status().late == 1);
    CHECK(db.status().making == 0);
    CHECK(db.status().live == 0);
    CHECK(db.stats().stuck == 1);
    CHECK(db.stats().written_off == 1);
    auto held = room ? pooly::lease<worker>{} : db.checkout();
    CHECK(adds_up(db.status(), 1));
    at_factory.go_on.release();
    wait_until([&] { return db.status().late == 0 && db.status().retiring == 0; });
    CHECK(adds_up(db.status(), 1));
    CHECK(at.alive == 1);
    CHECK(at.made == (room ? 1 : 2));
    held = {};
    CHECK(db.status().idle == 1);
    db.checkout().discard();  // and its turn to connect is given back once
    CHECK(take_all(db).size() == 1);
}

TEST_CASE("what a factory makes that hung is not kept beside workers that are only to end when they come home") {
    const auto dog = watchdog_by_hand();
    gate at_factory;
    std::atomic<bool> hangs{true};
    backend at;
    auto options = impatient(2, dog);
    options.start = start_mode::background;
    options.max_lifetime = 10s;
    options.lifetime_jitter = 0;
    pooly::pool<worker, manual_clock> db{[&] {
                                             if (hangs.exchange(false)) at_factory();
                                             return worker{at};
                                         },
                                         options};
    dog->sweep();
    auto held = take_all(db);
    REQUIRE(held.size() == 2);
    pass(*dog, 11s);  // their time is over, and there is no room for others
    at_factory.go_on.release();
    wait_until([&] { return db.status().late == 0 && db.status().retiring == 0; });
    CHECK(adds_up(db.status(), 2));  // I1
    held.clear();
    dog->sweep();
    CHECK(take_all(db).size() == 2);
}

TEST_CASE("a factory that hangs and then fails is nobody's outage, and leaves nothing") {
    const auto dog = watchdog_by_hand();
    gate at_factory;
    std::atomic<bool> hangs{true};
    auto options = impatient(1, dog);
    options.start = start_mode::background;
    options.max_connecting = 1;
    pooly::pool<int, manual_clock> db{[&] {
                                          if (!hangs.exchange(false)) return 1;
                                          at_factory();
                                          throw std::runtime_error{"too late"};
                                      },
                                      options};
    dog->sweep();
    auto held = db.checkout();
    at_factory.go_on.release();
    wait_until([&] { return db.status().late == 0; });
    CHECK(db.stats().create_failures == 1);
    CHECK(db.status().live == 1);
    held.discard();  // and the next one is made at once
    CHECK(db.try_checkout());
}

TEST_CASE("an attempt to connect ends once, though its errand hangs when the factory is through") {
    /// The last one who forgets it hangs.
    struct heavy_failure {
        gate* at_the_end;
        ~heavy_failure() { (*at_the_end)(); }
    };
    const auto dog = watchdog_by_hand();
    gate at_the_end;
    int calls = 0;
    auto options = impatient(2, dog);
    options.start = start_mode::background;
    options.max_connecting = 1;
    options.backoff_base = options.backoff_cap = 1s;
    pooly::pool<int, manual_clock> db{[&] {
                                          ++calls;
                                          if (calls == 1) throw heavy_failure{&at_the_end};
                                          if (calls == 2) throw std::runtime_error{"down"};
                                          return calls;
                                      },
                                      options};
    dog->sweep();
    CHECK(calls == 1);
    pass(*dog, 1s);  // the second failure takes the place of the first
    CHECK(calls == 2);
    CHECK(db.stats().stuck == 1);
    at_the_end.go_on.release();
    wait_until([&] { return db.status().late == 0 && db.status().making == 0; });
    pass(*dog, 1s);
    CHECK(db.status().idle == 2);
}

TEST_CASE("a worker whose check hung costs no place, though its end hangs, too") {
    const auto dog = watchdog_by_hand();
    gate at_check, at_the_end;
    backend at;
    auto options = impatient(1, dog);
    options.health_interval = 10s;
    pooly::worker_hooks<worker> hooks;
    hooks.healthy = [&](worker& one) {
        if (one.number() == 1) at_check();
        return one.number() != 1;
    };
    hooks.retire = [&](worker& one) {
        if (one.number() == 1) at_the_end();
    };
    pooly::pool<worker, manual_clock> db{[&] { return worker{at}; }, options, hooks};
    pass(*dog, 11s);
    CHECK(db.status() == pool_status{.state = pool_state::ready, .idle = 1, .live = 1, .late = 1});
    at_check.go_on.release();
    at_the_end.at_work.acquire();
    CHECK(db.status() == pool_status{.state = pool_state::ready, .idle = 1, .live = 1, .late = 1});
    db.checkout().discard();
    dog->sweep();
    CHECK(db.status() == pool_status{.state = pool_state::ready, .idle = 1, .live = 1, .late = 1});
    at_the_end.go_on.release();
    wait_until([&] { return db.status().late == 0; });
    CHECK(db.status() == pool_status{.state = pool_state::ready, .idle = 1, .live = 1});
}

TEST_CASE("a worker that is not needed when its factory is through at last costs no place, though its end hangs") {
    const auto dog = watchdog_by_hand();
    gate at_factory, at_the_end;
    backend at;
    std::atomic<bool> hangs{true};
    auto options = impatient(1, dog);
    options.start = start_mode::background;
    pooly::worker_hooks<worker> hooks;
    hooks.retire = [&](worker& one) {
        if (one.number() == 2) at_the_end();
    };
    pooly::pool<worker, manual_clock> db{[&] {
                                             if (hangs.exchange(false)) at_factory();
                                             return worker{at};
                                         },
                                         options, hooks};
    dog->sweep();  // the first call is found stuck
    manual_clock::advance(1min);
    CHECK(db.checkout()->number() == 1);  // a consumer's is not
    CHECK(db.status() == pool_status{.state = pool_state::ready, .idle = 1, .live = 1, .late = 1});
    at_factory.go_on.release();
    at_the_end.at_work.acquire();
    CHECK(db.status() == pool_status{.state = pool_state::ready, .idle = 1, .live = 1, .late = 1});
    db.checkout().discard();
    CHECK(db.checkout()->number() == 3);
    at_the_end.go_on.release();
    wait_until([&] { return db.status().late == 0; });
    CHECK(db.status() == pool_status{.state = pool_state::ready, .idle = 1, .live = 1});
}

TEST_CASE("a surplus worker whose end hangs costs no other place") {
    const auto dog = watchdog_by_hand();
    backend at;
    gate second_ends, third_ends, at_factory;
    std::atomic<bool> factory_hangs{false};
    std::atomic<bool> first_ends{false};
    std::future<void> shrinking;
    auto options = impatient(1, dog, 3);
    options.start = start_mode::lazy;
    options.overflow_linger = 1h;
    options.health_interval = 10s;
    options.check_timeout = 300ms;  // long enough for what the test does until then
    pooly::pool<worker, manual_clock>* db = nullptr;
    pooly::worker_hooks<worker> hooks;
    hooks.healthy = [](worker& one) { return one.number() != 1; };
    hooks.retire = [&](worker& one) {
        if (!first_ends.exchange(true)) {  // the errand's own; somebody makes the others surplus, and ends the second
            shrinking = elsewhere([&] { db->resize(1, 0); });
            second_ends.at_work.acquire();
        } else if (one.number() == 2) {
            second_ends();
        } else if (one.number() == 3) {
            third_ends();  // and the watchdog the third
        }
    };
    pooly::pool<worker, manual_clock> pool{[&] {
                                               if (factory_hangs.exchange(false)) at_factory();
                                               return worker{at};
                                           },
                                           options, hooks};
    db = &pool;
    take(pool, 4).clear();
    manual_clock::advance(11s);
    auto sweep = elsewhere([&] { dog->sweep(); });
    third_ends.at_work.acquire();
    pool.resize(4, 0);
    auto fourth = pool.checkout();
    CHECK(fourth->number() == 4);
    factory_hangs = true;
    auto fifth = elsewhere([&] { return pool.checkout_for(1h); });  // in the place of the first
    at_factory.at_work.acquire();
    sweep.get();  // an errand was found stuck, and only its own place given away
    CHECK(pool.stats().stuck == 1);
    CHECK(pool.status().late == 1);
    CHECK(pool.status().making == 1);
    second_ends.go_on.release();
    third_ends.go_on.release();
    at_factory.go_on.release();
    const auto made = fifth.get();
    shrinking.get();
    wait_until([&] { return pool.status().retiring == 0 && pool.status().late == 0; });
    CHECK(pool.status() == pool_status{.state = pool_state::ready, .in_use = 2, .live = 2});
    CHECK(take_all(pool).size() == 2);
}

TEST_CASE("the places of a pool are all usable after it was made larger while one of its workers is stuck") {
    const auto dog = watchdog_by_hand();
    hanging_pool pool{dog, 1};
    pass(*dog, 11s);
    CHECK(pool.db.status().late == 1);
    for (std::size_t size = 2; size <= 10; ++size) {
        pool.db.resize(size, 0);
        CHECK(take_all(pool.db).size() == size);
    }
    pool.let_go();
    CHECK(pool.db.status().idle == 10);
    CHECK(pool.at.alive == 10);
}

TEST_CASE("when the place of a worker that failed its check is filled by a factory that hangs, that is told") {
    const auto dog = watchdog_by_hand();
    const auto seen = std::make_shared<recorder>();
    gate at_factory;
    std::atomic<bool> hangs{false};
    backend at;
    auto options = impatient(2, dog);
    options.health_interval = 10s;
    options.observer = seen;
    pooly::pool<worker, manual_clock> db{[&] {
                                             if (hangs.exchange(false)) at_factory();
                                             return worker{at};
                                         },
                                         options, asks_health()};
    db.checkout()->dead = true;
    hangs = true;
    pass(*dog, 11s);
    const auto told = seen->of<events::stuck>();
    REQUIRE(told.size() == 1);
    CHECK(std::string{told[0].what} == "factory");
    CHECK(db.stats().unhealthy == 1);
    CHECK(db.status().late == 1);
    CHECK(db.status().idle == 2);
    at_factory.go_on.release();
    wait_until([&] { return db.status().late == 0 && db.status().retiring == 0; });
    CHECK(at.alive == 2);
}

TEST_CASE("when a worker failed its check and its retire hook hangs, the hook is told, and the place is given away") {
    const auto dog = watchdog_by_hand();
    const auto seen = std::make_shared<recorder>();
    gate at_retire;
    auto options = impatient(2, dog);
    options.health_interval = 10s;
    options.observer = seen;
    auto hooks = asks_health();
    hooks.retire = [&](worker& one) {
        if (one.dead) at_retire();
    };
    watched_pool pool{options, hooks};
    pool.db.checkout()->dead = true;
    pass(*dog, 11s);
    const auto told = seen->of<events::stuck>();
    REQUIRE(told.size() == 1);
    CHECK(std::string{told[0].what} == "retire");
    CHECK(pool.db.status().late == 1);
    CHECK(pool.db.status().retiring == 0);
    CHECK(pool.db.status().idle == 2);
    CHECK(adds_up(pool.db.status(), 2));
    at_retire.go_on.release();
    wait_until([&] { return pool.db.status().late == 0; });
    CHECK(pool.at.alive == 2);
}

TEST_CASE("a worker whose check is stuck is no lease that one who drains waits for") {
    const auto dog = watchdog_by_hand();
    hanging_pool pool{dog, 2};
    pass(*dog, 11s);
    CHECK(pool.db.status().late == 1);
    CHECK(pool.db.drain_for(0s) == 0);
    {
        const auto held = pool.db.checkout();
        CHECK(pool.db.drain_for(0s) == 1);
    }
    pool.let_go();
}

// What is done again and again. ---------------------------------------------------------------------------------------

TEST_CASE("a renewal whose factory hangs does not keep other workers from being renewed") {
    const auto dog = watchdog_by_hand();
    gate at_factory;
    std::atomic<bool> hangs{false};
    backend at;
    auto options = impatient(3, dog, 3);
    options.max_lifetime = 10s;
    options.lifetime_jitter = 0;
    pooly::pool<worker, manual_clock> db{[&] {
                                             if (hangs.exchange(false)) at_factory();
                                             return worker{at};
                                         },
                                         options};
    hangs = true;
    pass(*dog, 11s);
    CHECK(db.stats().stuck == 1);
    CHECK(db.stats().expired == 3);
    pass(*dog, 11s);
    CHECK(db.stats().expired == 6);
    CHECK(db.status().idle == 3);
    CHECK(at.alive == 3);
    at_factory.go_on.release();
    wait_until([&] { return db.status().late == 0 && db.status().retiring == 0; });
    CHECK(db.status().idle == 3);
    CHECK(at.alive == 3);
}

TEST_CASE("a retire hook that hangs does not keep other workers from being renewed") {
    const std::size_t room = GENERATE(0U, 2U);
    const auto dog = watchdog_by_hand();
    gate at_retire;
    auto options = impatient(3, dog, room);
    options.max_lifetime = 10s;
    options.lifetime_jitter = 0;
    auto hooks = asks_health();
    hooks.retire = [&](worker& one) {
        if (one.number() == 1) at_retire();
    };
    watched_pool pool{options, hooks};
    for (int i = 1; i <= 2; ++i) {
        pass(*dog, 11s);
        CHECK(pool.db.stats().expired == 3U * static_cast<unsigned>(i));
        CHECK(pool.db.status().idle == 3);
    }
    CHECK(pool.db.stats().stuck == 1);
    at_retire.go_on.release();
    wait_until([&] { return pool.db.status().late == 0; });
    CHECK(pool.at.alive == 3);
}

TEST_CASE("a pool that failed is healed again and again though a factory or a hook hung when it was healed first") {
    const bool in_factory = GENERATE(true, false);
    const auto dog = watchdog_by_hand();
    gate at_code;
    std::atomic<bool> hangs{false};
    const auto hang = [&](bool here) {
        if (here && hangs.exchange(false)) at_code();
    };
    backend at;
    pool_registry pools{dog};
    auto options = impatient(3, nullptr);
    options.max_restarts = 0;
    options.backoff_base = 1s;
    options.backoff_cap = 1s;
    auto hooks = asks_health();
    hooks.retire = [&](worker&) { hang(!in_factory); };
    const auto db = pools.add<worker, manual_clock>(
        "db", [&] { return hang(in_factory), worker{at}; }, options, hooks);
    for (int i = 0; i < 3; ++i) {
        db->checkout().discard();
        CHECK(db->status().state == pool_state::failed);
        hangs = i == 0;
        pass(*dog, 2s);
        CHECK(db->stats().stuck == 1);
        CHECK(db->status().state == pool_state::ready);
        CHECK(db->status().idle == 3);
        CHECK(take_all(*db).size() == 3);
    }
    at_code.go_on.release();
    wait_until([&] { return db->status().late == 0 && db->status().retiring == 0; });
    CHECK(at.alive == 3);
}

// The end. ------------------------------------------------------------------------------------------------------------

TEST_CASE("where a call may take any time a pool that ends waits for those that the watchdog made") {
    const auto dog = watchdog_by_hand();
    std::atomic<bool> gone{false};
    std::atomic<bool> ended_in_time{false};
    gate at_check;
    auto options = quiet(2, dog);
    options.health_interval = 10s;
    options.check_timeout = 0s;
    auto hooks = asks_health();
    hooks.healthy = [&](worker&) {
        at_check();
        for (int i = 0; i < 1000 && !gone; ++i) std::this_thread::yield();  // time to be gone in
        ended_in_time = !gone;
        return true;
    };
    hooks.retire = [&](worker&) { at_check.go_on.release(); };  // of the other one, when the pool is closed
    std::optional<watched_pool> pool{std::in_place, options, hooks};
    manual_clock::advance(11s);
    auto sweep = elsewhere([&] { dog->sweep(); });
    at_check.at_work.acquire();
    pool.reset();
    gone = true;
    CHECK(ended_in_time);
    sweep.get();
}
