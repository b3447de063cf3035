// SPDX-License-Identifier: MIT
#include <pooly/watchdog.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <semaphore>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <pooly/pooly.hpp>

#include "support/alive_at_exit.hpp"
#include "support/catch.hpp"
#include "support/child_process.hpp"
#include "support/code_of.hpp"
#include "support/counted_pool.hpp"
#include "support/gate.hpp"
#include "support/manual_clock.hpp"
#include "support/queued_consumer.hpp"
#include "support/recorder.hpp"
#include "support/waiting.hpp"
#include "support/watched.hpp"
#include "support/worker.hpp"

using namespace std::chrono_literals;
using pooly::errc;
using pooly::overdue_action;
using pooly::pool_options;
using pooly::start_mode;
using pooly::watchdog;
using pooly::test::alive_at_exit;
using pooly::test::asks_health;
using pooly::test::backend;
using pooly::test::code_of;
using pooly::test::elsewhere;
using pooly::test::gate;
using pooly::test::let_it_look;
using pooly::test::manual_clock;
using pooly::test::pass;
using pooly::test::queued_consumer;
using pooly::test::quiet;
using pooly::test::recorder;
using pooly::test::take;
using pooly::test::wait_until;
using pooly::test::watchdog_by_hand;
using pooly::test::watched_pool;
using pooly::test::worker;

namespace events = pooly::events;

namespace {

static_assert(!std::is_copy_constructible_v<watchdog> && !std::is_move_constructible_v<watchdog>);
static_assert(!std::is_copy_assignable_v<watchdog> && !std::is_move_assignable_v<watchdog>);
static_assert(std::is_nothrow_destructible_v<watchdog>);

/// Tells the background watchdog's own time: counts how often it was read.
struct counting_clock {
    using duration = std::chrono::nanoseconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<counting_clock>;
    [[maybe_unused]] static constexpr bool is_steady = true;

    static inline std::atomic<int> reads{0};

    [[nodiscard]] static time_point now() noexcept {
        ++reads;
        return time_point{1s};
    }
};

}  // namespace

// Health. -------------------------------------------------------------------------------------------------------------

TEST_CASE("the watchdog asks the health of workers that idled for the interval, each once in an interval") {
    std::atomic<int> asked{0};
    backend at;
    const auto dog = watchdog_by_hand();
    pooly::worker_hooks<worker> hooks;
    hooks.healthy = [&](worker&) { return ++asked > 0; };
    pooly::pool db{[&] { return worker{at}; }, {.size = 3, .watchdog = dog}, hooks};
    dog->sweep(std::chrono::steady_clock::now() + 31s);
    CHECK(asked == 3);
    dog->sweep(std::chrono::steady_clock::now() + 32s);
    CHECK(asked == 3);
    dog->sweep(std::chrono::steady_clock::now() + 62s);
    CHECK(asked == 6);
    CHECK(db.stats().health_checks == 6);
    CHECK(at.made == 3);
    CHECK(db.status().idle == 3);
}

TEST_CASE("an interval of zero means that no health is asked") {
    std::atomic<int> asked{0};
    const auto dog = watchdog_by_hand();
    pooly::worker_hooks<int> hooks;
    hooks.healthy = [&](int&) { return ++asked > 0; };
    pooly::pool db{[] { return 1; }, {.size = 2, .health_interval = 0s, .watchdog = dog}, hooks};
    dog->sweep(std::chrono::steady_clock::now() + 24h);
    CHECK(asked == 0);
}

TEST_CASE("a worker that fails its check, or whose check throws, is destroyed and replaced") {
    const bool throws = GENERATE(false, true);
    const auto order = GENERATE(pooly::idle_order::affine, pooly::idle_order::lifo, pooly::idle_order::fifo);
    const auto dog = watchdog_by_hand();
    auto hooks = asks_health();
    if (throws) hooks.healthy = [](worker& one) { return one.dead ? throw std::runtime_error{"no answer"} : true; };
    watched_pool pool{{.size = 3, .order = order, .check_after_idle = -1s, .watchdog = dog}, hooks};
    {
        const auto all = take(pool.db, 2);
        all[0]->dead = true;
        all[1]->dead = true;
    }
    pass(*dog, 31s);
    CHECK(pool.db.status().idle == 3);
    CHECK(pool.at.alive == 3);
    CHECK(pool.at.made == 5);
    CHECK(pool.db.stats().unhealthy == 2);
    for (const auto& one : take(pool.db, 3)) CHECK_FALSE(one->dead);
}

TEST_CASE("a lease is never checked, however old") {
    const auto dog = watchdog_by_hand();
    std::set<int> asked;
    auto hooks = asks_health();
    hooks.healthy = [&](worker& one) { return asked.insert(one.number()), true; };
    watched_pool pool{{.size = 3, .check_after_idle = -1s, .watchdog = dog}, hooks};
    {
        const auto held = take(pool.db, 2);
        for (int i = 0; i < 4; ++i) pass(*dog, 20s);
        CHECK(asked.size() == 1);
        for (const auto& one : held) CHECK(asked.count(one->number()) == 0);
    }
    pass(*dog, 29s);
    CHECK(asked.size() == 1);  // they idled less than the interval
    pass(*dog, 2s);
    CHECK(asked.size() == 3);
}

TEST_CASE("nobody is handed a worker under test: he makes another one, or waits for the answer") {
    const std::size_t room = GENERATE(0U, 1U);
    const bool well = GENERATE(true, false);
    const auto order = GENERATE(pooly::idle_order::affine, pooly::idle_order::lifo, pooly::idle_order::fifo);
    const auto dog = watchdog_by_hand();
    gate at_check;
    std::atomic<bool> gated{true};
    auto hooks = asks_health();
    hooks.healthy = [&](worker&) {
        if (!gated.exchange(false)) return true;
        at_check();
        return well;
    };
    watched_pool pool{{.size = 1, .max_overflow = room, .order = order, .check_after_idle = -1s, .watchdog = dog},
                      hooks};
    manual_clock::advance(31s);
    auto sweep = elsewhere([&] { dog->sweep(); });
    at_check.at_work.acquire();
    CHECK(pool.db.status().checking == 1);
    CHECK(pool.db.status().idle == 0);
    if (room == 0) {
        CHECK(pool.db.try_checkout().error() == errc::full);
        queued_consumer waiting{pool.db};
        at_check.go_on.release();
        CHECK(waiting.worker()->number() == (well ? 1 : 2));
    } else {
        CHECK(pool.db.try_checkout()->number() == 2);
        at_check.go_on.release();
    }
    sweep.get();
    CHECK(pool.db.status().live == 1);
    CHECK(pool.db.status().idle == 1);
}

TEST_CASE("workers that were made together are not checked together") {
    const auto dog = watchdog_by_hand();
    watched_pool pool{{.size = 10, .check_after_idle = -1s, .watchdog = dog}};
    std::uint64_t before = 0;
    std::size_t busy_steps = 0;
    for (int round = 0; round < 3; ++round) {
        for (int step = 0; step < 30; ++step) {
            pass(*dog, 1s);
            const auto now = pool.db.stats().health_checks;
            CHECK(now - before <= 5);
            busy_steps += now != before ? 1U : 0U;
            before = now;
        }
        CHECK(before == 10U * static_cast<unsigned>(round + 1));  // each once an interval
    }
    CHECK(busy_steps >= 3 * 4);
}

TEST_CASE("classic bug 13: a check-out meets dead workers, tries the next, and makes one if all are dead") {
    const std::size_t dead = GENERATE(1U, 2U, 3U);
    const auto order = GENERATE(pooly::idle_order::affine, pooly::idle_order::lifo, pooly::idle_order::fifo);
    watched_pool pool{{.size = 3, .order = order, .check_after_idle = 0s, .health_interval = 0s}};
    {
        const auto all = take(pool.db, 3);
        for (std::size_t i = 0; i < dead; ++i) all[i]->dead = true;
    }
    std::vector<pooly::lease<worker>> got;
    for (int i = 0; i < 3; ++i) got.push_back(pool.db.checkout_for(1s));
    for (const auto& one : got) CHECK_FALSE(one->dead);
    CHECK(pool.db.stats().unhealthy == dead);
    CHECK(pool.at.made == static_cast<int>(3 + dead));
    CHECK(pool.at.alive == 3);
}

TEST_CASE("a check-out that meets dead workers until its time is up is told so, and the others keep their places") {
    auto hooks = asks_health();
    hooks.healthy = [](worker&) {
        manual_clock::advance(600ms);
        return false;
    };
    watched_pool pool{{.size = 4, .check_after_idle = 0s, .health_interval = 0s}, hooks};
    CHECK(pool.db.try_checkout_for(1s).error() == errc::timeout);
    CHECK(pool.db.stats().unhealthy == 2);
    CHECK(pool.db.status().idle == 2);
    CHECK(pool.db.prewarm() == 2);
}

TEST_CASE("a worker that is checked ends with its pool") {
    const auto dog = watchdog_by_hand();
    gate at_check;
    auto hooks = asks_health();
    hooks.healthy = [&](worker&) { return at_check(), true; };
    watched_pool pool{{.size = 1, .check_after_idle = -1s, .watchdog = dog}, hooks};
    manual_clock::advance(31s);
    auto sweep = elsewhere([&] { dog->sweep(); });
    at_check.at_work.acquire();
    pool.db.close();
    CHECK(pool.at.alive == 1);
    at_check.go_on.release();
    sweep.get();
    CHECK(pool.at.alive == 0);
    CHECK(pool.db.status().live == 0);
}

TEST_CASE("a suspended pool is checked, and lends nothing for it") {
    const auto dog = watchdog_by_hand();
    watched_pool pool{{.size = 2, .check_after_idle = -1s, .watchdog = dog}};
    pool.db.suspend();
    pass(*dog, 31s);
    CHECK(pool.db.stats().health_checks == 2);
    CHECK(pool.db.try_checkout().error() == errc::suspended);
    pool.db.resume();
    CHECK(take(pool.db, 2).size() == 2);
}

TEST_CASE("in the background a worker is checked though all were lent when the watchdog looked") {
    watched_pool pool{
        {.size = 1, .check_after_idle = -1s, .health_interval = 10s, .watchdog = std::make_shared<watchdog>()}};
    auto held = pool.db.checkout();
    watched_pool other{{.size = 1, .health_interval = 1ms, .watchdog = pool.db.options().watchdog}};
    let_it_look(other.db);
    held.checkin();
    manual_clock::advance(11s);
    wait_until([&] { return pool.db.stats().health_checks == 1; });
}

// Age. ----------------------------------------------------------------------------------------------------------------

TEST_CASE("classic bug 26: workers that were made together do not all end in one second") {
    const auto dog = watchdog_by_hand();
    auto options = quiet(20, dog);
    options.max_lifetime = 100s;
    options.lifetime_jitter = 0.5;
    watched_pool pool{options};
    pass(*dog, 49s);
    CHECK(pool.at.made == 20);
    std::set<int> steps;
    int before = 20;
    for (int second = 50; second <= 101; ++second) {
        pass(*dog, 1s);
        if (pool.at.made != before) steps.insert(second);
        CHECK(pool.at.made - before <= 7);
        before = pool.at.made;
        CHECK(pool.db.status().idle == 20);
    }
    CHECK(before >= 40);  // each was replaced, and those of the beginning may be again
    CHECK(steps.size() >= 5);
    CHECK(pool.db.stats().expired == static_cast<std::uint64_t>(before - 20));
}

TEST_CASE("without jitter a worker ends at its lifetime and not before") {
    const auto dog = watchdog_by_hand();
    auto options = quiet(2, dog);
    options.max_lifetime = 100s;
    options.lifetime_jitter = 0;
    watched_pool pool{options};
    pass(*dog, 99s);
    CHECK(pool.db.stats().expired == 0);
    pass(*dog, 1s);
    CHECK(pool.db.stats().expired == 2);
    CHECK(pool.at.made == 4);
}

TEST_CASE("classic bug 26: at most one worker is away for its age at a time, and none where there is room") {
    const std::size_t room = GENERATE(0U, 1U);
    const auto order = GENERATE(pooly::idle_order::affine, pooly::idle_order::lifo, pooly::idle_order::fifo);
    const auto dog = watchdog_by_hand();
    auto options = quiet(4, dog, room);
    options.max_lifetime = 100s;
    options.lifetime_jitter = 0;
    options.order = order;
    std::function<void()> on_end = [] {};
    auto hooks = asks_health();
    hooks.retire = [&](worker&) { on_end(); };
    watched_pool pool{options, hooks};
    std::size_t fewest = 4;
    int ends = 0;
    on_end = [&] {
        ++ends;
        fewest = std::min(fewest, pool.db.status().idle);
    };
    pass(*dog, 101s);
    CHECK(ends == 4);
    CHECK(fewest == (room == 0 ? 3U : 4U));
    CHECK(pool.db.status().idle == 4);
    CHECK(pool.at.alive == 4);
    CHECK(pool.at.made == 8);
    on_end = [] {};
}

TEST_CASE("a worker's time is never over in the middle of a lease") {
    const std::size_t room = GENERATE(0U, 2U);
    const auto dog = watchdog_by_hand();
    auto options = quiet(2, dog, room);
    options.max_lifetime = 10s;
    watched_pool pool{options};
    auto held = pool.db.checkout();
    const auto number = held->number();
    for (int i = 0; i < 5; ++i) pass(*dog, 3s);
    CHECK(held->number() == number);
    CHECK(pool.db.status().in_use == 1);
    const auto before = pool.db.stats().expired;
    held.checkin();  // it ends now, and not when somebody looks again
    CHECK(pool.db.stats().expired == before + 1);
    dog->sweep();
    for (const auto& one : take(pool.db, 2)) CHECK(one->number() != number);
    CHECK(pool.db.status().live == 2);
    CHECK(pool.at.alive == 2);
}

TEST_CASE("workers that are lent when their time is over have successors first, where there is room") {
    const auto order = GENERATE(pooly::idle_order::affine, pooly::idle_order::lifo, pooly::idle_order::fifo);
    const auto dog = watchdog_by_hand();
    auto options = quiet(3, dog, 3);
    options.max_lifetime = 10s;
    options.lifetime_jitter = 0;
    options.order = order;
    int fewest = 3;
    backend at;
    auto hooks = asks_health();
    hooks.retire = [&](worker&) { fewest = std::min(fewest, at.alive - 1); };
    pooly::pool<worker, manual_clock> db{[&] { return worker{at}; }, options, hooks};
    {
        const auto held = take(db, 3);
        pass(*dog, 11s);
        CHECK(at.alive == 6);
        CHECK(db.status().idle == 3);
    }
    CHECK(fewest == 3);
    CHECK(db.stats().expired == 3);
    CHECK(db.status().idle == 3);
    for (const auto& one : take(db, 3)) CHECK(one->number() > 3);
    CHECK(at.made == 6);
}

TEST_CASE("a worker that is asked for while its successor is made ends when it comes home") {
    const auto dog = watchdog_by_hand();
    auto options = quiet(1, dog, 1);
    options.max_lifetime = 10s;
    gate at_factory;
    std::atomic<bool> gated{false};
    backend at;
    pooly::pool<worker, manual_clock> db{[&] {
                                             if (gated) at_factory();
                                             return worker{at};
                                         },
                                         options};
    gated = true;
    manual_clock::advance(11s);
    auto sweep = elsewhere([&] { dog->sweep(); });
    at_factory.at_work.acquire();
    auto held = db.checkout();
    CHECK(held->number() == 1);
    at_factory.go_on.release();
    sweep.get();
    gated = false;
    CHECK(db.status().idle == 1);
    held.checkin();
    CHECK(db.status().live == 1);
    CHECK(db.checkout()->number() == 2);
    CHECK(at.alive == 1);
}

TEST_CASE("a worker that took the place of an old one while its successor was made does not end for that") {
    const bool lent = GENERATE(false, true);
    const auto dog = watchdog_by_hand();
    auto options = quiet(1, dog, 1);
    options.max_lifetime = 10s;
    gate at_factory;
    std::atomic<bool> gated{false};
    backend at;
    pooly::pool<worker, manual_clock> db{[&] {
                                             if (gated.exchange(false)) at_factory();
                                             return worker{at};
                                         },
                                         options};
    gated = true;
    manual_clock::advance(11s);
    auto sweep = elsewhere([&] { dog->sweep(); });
    at_factory.at_work.acquire();
    db.checkout().discard();  // the old one is gone
    auto held = db.checkout();
    CHECK(held->number() == 2);
    if (!lent) held.checkin();
    at_factory.go_on.release();
    sweep.get();
    held.checkin();
    CHECK(db.stats().expired == 0);
    CHECK(db.status().live == 1);  // rule 8, also for the successor that nobody needs any more
    db.checkout().checkin();
    CHECK(db.status().live == 1);
}

TEST_CASE("a worker whose successor could not be made is renewed later, without anybody's help") {
    const std::size_t room = GENERATE(0U, 1U);
    auto options = quiet(1, std::make_shared<watchdog>(), room);
    options.max_lifetime = 10s;
    options.backoff_base = 1s;
    watched_pool pool{options};
    pool.at.down = true;
    manual_clock::advance(11s);
    wait_until([&] { return pool.at.refused > 0; });
    pool.at.down = false;
    wait_until([&] {
        manual_clock::advance(100ms);
        return pool.at.made > 1 && pool.db.status().idle == 1 && pool.db.stats().expired > 0;
    });
}

TEST_CASE("an expired worker that is lent while the backend is down is renewed later") {
    auto options = quiet(2, std::make_shared<watchdog>());
    options.max_lifetime = 10s;
    options.lifetime_jitter = 0;
    options.backoff_base = 1s;
    watched_pool pool{options};
    auto held = pool.db.checkout();
    const auto old = held->number();
    pool.at.down = true;
    pool.db.checkout().discard();  // that its place cannot be refilled means down
    CHECK(pool.at.refused == 1);
    manual_clock::advance(11s);
    pool.at.down = false;
    wait_until([&] { return pool.db.status().idle == 1; });
    held.checkin();
    wait_until([&] {
        const auto all = take(pool.db, 2);
        return all[0]->number() != old && all[1]->number() != old;
    });
}

// Surplus, and ahead of demand.
// -----------------------------------------------------------------------------------------

TEST_CASE("classic bug 21: under steady overflow load an idle surplus worker lingers, and hardly any is made") {
    const auto order = GENERATE(pooly::idle_order::affine, pooly::idle_order::lifo, pooly::idle_order::fifo);
    const auto dog = watchdog_by_hand();
    auto options = quiet(1, dog, 2);
    options.overflow_linger = 10s;
    options.order = order;
    watched_pool pool{options};
    auto held = pool.db.checkout();
    for (int i = 0; i < 100; ++i) {
        pool.db.checkout().checkin();
        pass(*dog, 1s);
    }
    CHECK(pool.at.made == 2);
    CHECK(pool.db.stats().created == 2);
    CHECK(pool.db.status().overflow == 1);
    pass(*dog, 8s);
    CHECK(pool.db.status().overflow == 1);
    pass(*dog, 2s);
    CHECK(pool.db.status().overflow == 0);
    CHECK(pool.db.stats().dismissed == 1);
    CHECK(pool.at.alive == 1);
    held.checkin();
    pass(*dog, 1h);
    CHECK(pool.db.status().idle == 1);
    CHECK(pool.at.made == 2);
}

TEST_CASE("in the background a surplus worker is dismissed though it was lent when the watchdog looked") {
    auto options = quiet(1, std::make_shared<watchdog>(), 1);
    options.overflow_linger = 10s;
    watched_pool pool{options};
    auto held = take(pool.db, 2);
    watched_pool other{{.size = 1, .health_interval = 1ms, .watchdog = options.watchdog}};
    let_it_look(other.db);
    held.clear();
    CHECK(pool.db.status().idle == 2);
    manual_clock::advance(11s);
    wait_until([&] { return pool.db.status().live == 1; });
}

TEST_CASE("whoever lingers, a pool that was made smaller keeps none beyond its places") {
    auto options = quiet(3, watchdog_by_hand(), 0);
    options.overflow_linger = 1h;
    backend at;
    pooly::pool db{[&] { return worker{at}; }, options};
    auto held = take(db, 3);
    db.resize(1, 1);
    held.clear();
    CHECK(db.status().live == 2);
}

TEST_CASE("so many workers are kept idle as min_idle says, as long as there are places") {
    const std::chrono::nanoseconds linger = GENERATE(0s, 5s);
    const auto dog = watchdog_by_hand();
    auto options = quiet(1, dog, 4);
    options.min_idle = 2;
    options.overflow_linger = linger;
    watched_pool pool{options};
    dog->sweep();
    CHECK(pool.db.status().idle == 2);
    auto held = take(pool.db, 2);
    dog->sweep();
    CHECK(pool.db.status().idle == 2);
    CHECK(pool.db.status().live == 4);
    held.push_back(pool.db.checkout());
    dog->sweep();
    CHECK(pool.db.status().idle == 2);
    CHECK(pool.db.status().live == 5);
    held.push_back(pool.db.checkout());
    dog->sweep();
    CHECK(pool.db.status().idle == 1);  // no more places
    CHECK(pool.db.status().live == 5);
    held.clear();
    pass(*dog, 1s);
    pass(*dog, 10s);
    CHECK(pool.db.status().idle == 2);
    CHECK(pool.db.status().live == 2);
    CHECK(pool.at.made == 5);
    const auto made = pool.at.made.load();
    for (int i = 0; i < 10; ++i) pass(*dog, 10s);
    CHECK(pool.at.made == made);  // and none is dismissed to be made again
}

TEST_CASE("min_idle counts workers that are being made, so that none is made in vain") {
    const auto dog = watchdog_by_hand();
    auto options = quiet(0, dog, 4);
    options.min_idle = 1;
    options.max_connecting = 4;
    gate at_factory;
    backend at;
    pooly::pool<worker, manual_clock> db{[&] { return at_factory(), worker{at}; }, options};
    auto first = elsewhere([&] { dog->sweep(); });
    at_factory.at_work.acquire();
    auto second = elsewhere([&] { dog->sweep(); });
    wait_until([&] {  // it has looked when it is through, or when it has one made, too
        return second.wait_for(1ms) == std::future_status::ready || db.status().making > 1;
    });
    CHECK(db.status().making == 1);
    at_factory.go_on.release(4);
    first.get();
    second.get();
    CHECK(at.made == 1);
    CHECK(db.status().idle == 1);
}

TEST_CASE("min_idle counts workers whose health is asked, so that none is made in vain") {
    const auto dog = watchdog_by_hand();
    auto options = quiet(0, dog, 4);
    options.min_idle = 1;
    options.health_interval = 10s;
    gate at_check;
    auto hooks = asks_health();
    hooks.healthy = [&](worker&) { return at_check(), true; };
    watched_pool pool{options, hooks};
    dog->sweep();
    CHECK(pool.at.made == 1);
    manual_clock::advance(11s);
    auto first = elsewhere([&] { dog->sweep(); });
    at_check.at_work.acquire();
    dog->sweep();
    CHECK(pool.at.made == 1);
    at_check.go_on.release(4);
    first.get();
    CHECK(pool.at.made == 1);
}

TEST_CASE("in the background workers are made ahead of demand though all check-outs found one idle") {
    auto options = quiet(2, std::make_shared<watchdog>(), 2);
    options.min_idle = 2;
    backend at;
    pooly::pool db{[&] { return worker{at}; }, options};
    watched_pool other{{.size = 1, .health_interval = 1ms, .watchdog = options.watchdog}};
    let_it_look(other.db);
    const auto held = take(db, 2);
    wait_until([&] { return db.status().idle == 2; });
}

TEST_CASE("in the background the first check-out after a pause has workers made ahead of demand again") {
    auto options = quiet(2, std::make_shared<watchdog>(), 2);
    options.min_idle = 2;
    watched_pool pool{options};
    watched_pool other{{.size = 1, .health_interval = 1ms, .watchdog = options.watchdog}};
    let_it_look(other.db);  // in which time on the pool's clock it finds no lease, and looks no more
    const auto held = take(pool.db, 2);
    wait_until([&] { return pool.db.status().idle == 2; });
}

TEST_CASE("a background start returns at once, and the watchdog makes the workers") {
    gate at_factory;
    auto options = quiet(3, std::make_shared<watchdog>());
    options.start = start_mode::background;
    pooly::pool db{[&] { return at_factory(), 1; }, options};
    at_factory.at_work.acquire();
    CHECK(db.status().idle == 0);
    CHECK(db.status().live <= 3);
    at_factory.go_on.release(3);
    wait_until([&] { return db.status().idle == 3; });
    CHECK(db.stats().created == 3);
}

TEST_CASE("in the background workers are made for the places that a pool is given while nobody uses it") {
    const auto dog = std::make_shared<watchdog>();
    SECTION("after a background start") {
        auto options = quiet(1, dog);
        options.start = start_mode::background;
        watched_pool pool{options};
        wait_until([&] { return pool.db.status().idle == 1; });
        pool.db.resize(4, 0);
        wait_until([&] { return pool.db.status().idle == 4; });
    }
    SECTION("ahead of demand") {
        auto options = quiet(1, dog);
        options.min_idle = 1;
        watched_pool pool{options};
        watched_pool other{{.size = 1, .health_interval = 1ms, .watchdog = dog}};
        const auto held = pool.db.checkout();
        let_it_look(other.db);
        CHECK(pool.at.made == 1);
        pool.db.resize(1, 3);
        wait_until([&] { return pool.db.status().idle == 1; });
    }
}

TEST_CASE("restart(), prewarm() and resize() make all workers in the caller's thread, though there is a watchdog") {
    const auto dog = std::make_shared<watchdog>();
    watched_pool other{{.size = 1, .health_interval = 1ms, .watchdog = dog}};
    const auto caller = std::this_thread::get_id();
    std::atomic<bool> down{false};
    std::atomic<bool> armed{false};
    std::atomic<int> made_here{0};
    std::atomic<int> made_elsewhere{0};
    auto options = quiet(4, dog);
    options.backoff_base = options.backoff_cap;
    options.max_connecting = 4;
    pooly::pool<int, manual_clock> db{[&] {
                                          if (down) throw std::runtime_error{"the backend is down"};
                                          const bool here = std::this_thread::get_id() == caller;
                                          ++(here ? made_here : made_elsewhere);
                                          if (here && armed) let_it_look(other.db);  // what is missing it might make
                                          return 1;
                                      },
                                      options};
    SECTION("restart") {
        armed = true;
        db.restart();
        CHECK(made_here == 4 + 4);
    }
    SECTION("resize") {
        armed = true;
        db.resize(7, 0);
        CHECK(made_here == 4 + 3);
    }
    SECTION("prewarm") {
        auto held = take(db, 3);
        down = true;
        for (auto& one : held) one.discard();
        down = false;
        armed = true;
        CHECK(db.prewarm() == 3);
        CHECK(made_here == 4 + 3);
    }
    CHECK(made_elsewhere == 0);
    CHECK(db.status().idle == db.options().size);
}

TEST_CASE("restart() throws what the factory throws, though the watchdog might have made an attempt before") {
    const auto dog = std::make_shared<watchdog>();
    watched_pool other{{.size = 1, .health_interval = 1ms, .watchdog = dog}};
    const auto caller = std::this_thread::get_id();
    auto options = quiet(2, dog);
    options.backoff_base = options.backoff_cap;
    auto hooks = asks_health();
    hooks.retire = [&](worker&) {
        if (std::this_thread::get_id() == caller) let_it_look(other.db);
    };
    watched_pool pool{options, hooks};
    pool.at.down = true;
    CHECK_THROWS_AS(pool.db.restart(), std::runtime_error);
    CHECK(pool.at.refused == 1);
}

TEST_CASE("a background start does not throw, and goes on until all workers are there") {
    const auto dog = watchdog_by_hand();
    auto options = quiet(3, dog);
    options.start = start_mode::background;
    backend at;
    at.down = true;
    pooly::pool<worker, manual_clock> db{[&] { return worker{at}; }, options};
    CHECK(at.refused == 0);
    dog->sweep();
    CHECK(at.refused >= 1);
    CHECK(at.refused <= 2);
    at.down = false;
    pass(*dog, 30s);
    CHECK(db.status().idle == 3);
}

TEST_CASE("places of dead workers are filled by the watchdog, those of a lazy pool only if they had been") {
    const auto start = GENERATE(start_mode::eager, start_mode::lazy);
    const auto dog = watchdog_by_hand();
    auto options = quiet(4, dog);
    options.start = start;
    options.backoff_base = 1s;
    watched_pool pool{options};
    auto held = take(pool.db, 2);
    pool.at.down = true;
    for (auto& one : held) one.discard();
    pool.at.down = false;
    pass(*dog, 30s);
    CHECK(pool.db.status().idle == (start == start_mode::eager ? 4U : 2U));
}

TEST_CASE("in the background a place is filled that its consumer could not refill") {
    auto options = quiet(1, std::make_shared<watchdog>());
    options.backoff_base = 1s;
    watched_pool pool{options};
    watched_pool other{{.size = 1, .health_interval = 1ms, .watchdog = options.watchdog}};
    let_it_look(other.db);
    pool.at.down = true;
    pool.db.checkout().discard();
    CHECK(pool.at.refused == 1);
    pool.at.down = false;
    wait_until([&] {
        manual_clock::advance(100ms);
        return pool.db.status().idle == 1;
    });
}

TEST_CASE("a factory that always fails is not called in a tight loop, whatever the backoff") {
    const std::chrono::nanoseconds base = GENERATE(0ns, 1ns, 100ms);
    const auto dog = watchdog_by_hand();
    auto options = quiet(2, dog);
    options.start = start_mode::background;
    options.backoff_base = base;
    std::atomic<int> calls{0};
    pooly::pool<int, manual_clock> db{[&]() -> int {
                                          if (++calls > 20) return calls;  // or this test would never end
                                          throw std::runtime_error{"no"};
                                      },
                                      options};
    dog->sweep();
    CHECK(calls <= 2);
}

// Overdue. ------------------------------------------------------------------------------------------------------------

namespace {

pool_options overdue_after_10s(std::size_t size, std::shared_ptr<watchdog> by, std::size_t max_overflow = 0) {
    auto options = quiet(size, std::move(by), max_overflow);
    options.overdue_after = 10s;
    return options;
}

}  // namespace

TEST_CASE("a lease that is held too long is told once, with holder and line, and again when it comes back") {
    const auto dog = watchdog_by_hand();
    const auto seen = std::make_shared<recorder>();
    auto options = overdue_after_10s(2, dog);
    options.observer = seen;
    watched_pool pool{options};
    auto held = pool.db.checkout();
    const auto line = pooly::call_site::current().line - 1;
    const auto id = held.info().id;
    const auto punctual = pool.db.checkout();
    pass(*dog, 9s);
    CHECK(seen->count<events::overdue>() == 0);
    for (int i = 0; i < 5; ++i) pass(*dog, 2s);
    const auto told = seen->of<events::overdue>();
    REQUIRE(told.size() == 2);
    const auto& first = told[0].holder.worker == id ? told[0].holder : told[1].holder;
    CHECK(first.worker == id);
    CHECK(first.thread == std::this_thread::get_id());
    CHECK(first.where.line == line);
    CHECK(first.held == 11s);
    CHECK(seen->count<events::restored>() == 0);
    held.checkin();
    dog->sweep();
    const auto back = seen->of<events::restored>();
    REQUIRE(back.size() == 1);
    CHECK(back[0].holder.worker == id);
    CHECK(back[0].holder.held == 19s);
    CHECK(back[0].holder.where.line == line);
    CHECK(pool.db.stats().overdue == 2);
    CHECK(pool.db.status().idle == 1);
    CHECK(pool.db.status().late == 0);

    const auto again = pool.db.checkout();  // a new lease may be overdue again
    pass(*dog, 11s);
    CHECK(seen->count<events::overdue>() == 3);
}

TEST_CASE("an overdue lease is told also of a pool that is closed, or has failed") {
    const bool closed = GENERATE(false, true);
    const auto seen = std::make_shared<recorder>();
    const auto dog = watchdog_by_hand();
    auto options = overdue_after_10s(2, dog);
    options.observer = seen;
    options.max_restarts = 0;
    watched_pool pool{options};
    auto kept = pool.db.checkout();
    if (closed)
        pool.db.close();
    else
        pool.db.checkout().discard();
    pass(*dog, 9s);
    CHECK(seen->count<events::overdue>() == 0);
    pass(*dog, 2s);
    CHECK(seen->count<events::overdue>() == 1);
    pass(*dog, 20s);
    CHECK(seen->count<events::overdue>() == 1);
    kept.checkin();
    dog->sweep();
    CHECK(seen->count<events::restored>() == 1);
}

TEST_CASE("in the background a lease is found overdue though its pool was closed when the watchdog had looked") {
    const auto seen = std::make_shared<recorder>();
    auto options = overdue_after_10s(1, std::make_shared<watchdog>());
    options.observer = seen;
    watched_pool pool{options};
    const auto kept = pool.db.checkout();
    pool.db.close();
    wait_until([&] { return seen->count<events::created>() == 1; });
    manual_clock::advance(11s);
    wait_until([&] { return seen->count<events::overdue>() == 1; });
}

TEST_CASE("an overdue lease that is discarded is told as back, too") {
    const auto dog = watchdog_by_hand();
    const auto seen = std::make_shared<recorder>();
    auto options = overdue_after_10s(1, dog);
    options.observer = seen;
    watched_pool pool{options};
    auto held = pool.db.checkout();
    pass(*dog, 11s);
    held.discard();
    dog->sweep();
    CHECK(seen->count<events::restored>() == 1);
    CHECK(pool.db.status().idle == 1);
}

TEST_CASE("the place of an overdue lease is served again, and the late worker ends when it comes back") {
    const bool waits = GENERATE(false, true);
    const std::size_t room = GENERATE(0U, 1U);
    const auto order = GENERATE(pooly::idle_order::affine, pooly::idle_order::lifo, pooly::idle_order::fifo);
    const auto dog = watchdog_by_hand();
    auto options = overdue_after_10s(1, dog, room);
    options.on_overdue = overdue_action::replace;
    options.order = order;
    std::function<void()> on_end = [] {};
    auto hooks = asks_health();
    hooks.retire = [&](worker&) { on_end(); };
    watched_pool pool{options, hooks};
    const auto within_places = [&] {
        const auto now = pool.db.status();
        return now.idle + now.in_use + now.making + now.checking <= 1 + room;  // I1
    };
    auto held = take(pool.db, 1 + room);
    {
        std::optional<queued_consumer<worker, manual_clock>> waiting;
        if (waits) waiting.emplace(pool.db);
        pass(*dog, 11s);
        CHECK(pool.db.status().late == 1 + room);
        CHECK(pool.db.stats().written_off == 1 + room);
        CHECK(within_places());
        if (waits) CHECK(waiting->worker()->number() > static_cast<int>(1 + room));
    }
    dog->sweep();
    CHECK(pool.db.status().idle == 1);
    CHECK(pool.db.status().live == 1);
    {
        const auto fresh = take(pool.db, 1 + room);  // all places
        CHECK(pool.db.try_checkout().error() == errc::full);
        CHECK(within_places());
        bool once = true;
        on_end = [&] { once = once && within_places(); };
        held.front().checkin();
        CHECK(once);
        CHECK(pool.db.status().late == room);
        CHECK(pool.db.status().in_use == 1 + room);
        CHECK(pool.db.try_checkout().error() == errc::full);
        if (room > 0) held.back().discard();
        CHECK(pool.db.status().late == 0);
        CHECK(pool.db.status().in_use == 1 + room);
        CHECK(pool.at.alive == static_cast<int>(1 + room));
        on_end = [] {};
    }
    CHECK(pool.db.status().idle == 1);
    CHECK(pool.at.alive == 1);
}

TEST_CASE("all places are usable after a pool was made larger or smaller while workers were late") {
    const auto order = GENERATE(pooly::idle_order::affine, pooly::idle_order::lifo, pooly::idle_order::fifo);
    const std::size_t smaller = GENERATE(0U, 1U, 2U);  // first; 0: not at all
    const auto dog = watchdog_by_hand();
    auto options = overdue_after_10s(3, dog);
    options.on_overdue = overdue_action::replace;
    options.order = order;
    watched_pool pool{options};
    auto late = take(pool.db, 2);
    if (smaller > 0) pool.db.resize(smaller, 0);
    pass(*dog, 11s);
    const std::size_t given_away = smaller == 1 ? 1 : 2;  // at most as many as there are places
    CHECK(pool.db.status().late == given_away);
    for (const std::size_t size : {10U, 2U, 12U}) {
        pool.db.resize(size, 0);
        std::vector<pooly::lease<worker>> all;
        while (auto one = pool.db.try_checkout()) all.push_back(std::move(one).value());
        CHECK(all.size() == size - (2 - given_away));  // a lease that is overdue, but not given away, keeps its place
        CHECK(pool.db.status().live == size);
    }
    late.clear();
    CHECK(pool.db.status().late == 0);
    CHECK(pool.at.alive == static_cast<int>(pool.db.status().live));
}

TEST_CASE("late workers are given up at most as often as there are places") {
    const auto dog = watchdog_by_hand();
    auto options = overdue_after_10s(2, dog);
    options.on_overdue = overdue_action::replace;
    watched_pool pool{options};
    std::vector<pooly::lease<worker>> held;
    for (int i = 0; i < 4; ++i) {
        while (auto one = pool.db.try_checkout()) held.push_back(std::move(one).value());
        pass(*dog, 11s);
    }
    CHECK(pool.db.status().late == 2);
    CHECK(held.size() == 4);
    CHECK(pool.at.alive == 4);
    held.clear();
    dog->sweep();
    CHECK(pool.db.status().late == 0);
    CHECK(pool.db.status().idle == 2);
    CHECK(pool.at.alive == 2);
}

TEST_CASE("a late worker may come back after its pool is gone") {
    const auto dog = watchdog_by_hand();
    auto options = overdue_after_10s(1, dog);
    options.on_overdue = overdue_action::replace;
    std::optional<watched_pool> pool{std::in_place, options};
    auto& at = pool->at;
    auto held = pool->db.checkout();
    pass(*dog, 11s);
    CHECK(at.alive == 2);
    SECTION("after restart() and close()") {
        pool->db.restart();
        dog->sweep();
        CHECK(pool->db.status().idle == 1);
        pool->db.close();
        CHECK(at.alive == 1);
        held.checkin();
        CHECK(at.alive == 0);
        CHECK(pool->db.status().late == 0);
    }
    SECTION("after the last look at it") {
        pooly::pool<std::unique_ptr<int>, manual_clock> own{[] { return std::make_unique<int>(7); }, options};
        auto kept = own.checkout();
        pass(*dog, 11s);
        CHECK(own.status().late == 1);
        CHECK(*kept.detach() == 7);
        CHECK(own.status().late == 0);
        CHECK(own.status().idle == 1);
    }
    SECTION("without a pool") {
        std::atomic<int> alive{0};
        struct counted {
            explicit counted(std::atomic<int>& all) : all_{&all} { ++*all_; }
            counted(const counted&) = delete;
            counted& operator=(const counted&) = delete;
            ~counted() { --*all_; }
            std::atomic<int>* all_;
        };
        pooly::lease<counted> kept;
        {
            pooly::pool<counted, manual_clock> own{[&] { return counted{alive}; }, options};
            kept = own.checkout();
            pass(*dog, 11s);
            CHECK(alive == 2);
        }
        CHECK(alive == 1);
        kept.checkin();
        CHECK(alive == 0);
    }
}

TEST_CASE("in the background a lease is found overdue that began after the watchdog had looked") {
    auto options = overdue_after_10s(1, std::make_shared<watchdog>());
    watched_pool pool{options};
    watched_pool other{{.size = 1, .health_interval = 1ms, .watchdog = options.watchdog}};
    let_it_look(other.db);
    const auto held = pool.db.checkout();
    manual_clock::advance(11s);
    wait_until([&] { return pool.db.stats().overdue == 1; });
}

TEST_CASE("durations without an end overflow nowhere, and nothing is due by them") {
    constexpr auto forever = std::chrono::nanoseconds::max();
    const bool by_hand = GENERATE(true, false);
    const auto dog = by_hand ? watchdog_by_hand() : std::make_shared<watchdog>();
    watched_pool other{{.size = 1, .health_interval = 1ms, .watchdog = dog}};
    auto options = quiet(1, dog, 1);
    options.health_interval = forever;
    options.check_timeout = forever;
    options.max_lifetime = forever;
    options.overdue_after = forever;
    options.on_overdue = overdue_action::replace;
    options.overflow_linger = forever;
    watched_pool pool{options};
    backend at;
    pooly::pool steady{[&] { return worker{at}; }, options, asks_health()};
    const auto let_go_on = [&] { by_hand ? pass(*dog, 24h) : let_it_look(other.db); };
    {
        const auto held = take(pool.db, 2);
        const auto also_held = take(steady, 2);
        let_go_on();
    }
    let_go_on();
    for (const auto& seen : {pool.db.stats(), steady.stats()}) {
        CHECK(seen.health_checks + seen.overdue + seen.expired + seen.dismissed + seen.stuck == 0);
        CHECK(seen.created == 2);
    }
    CHECK(pool.db.status().idle == 2);
    pool.db.checkout().discard();
    steady.checkout().discard();
    let_go_on();
    CHECK(pool.db.status().live == 1);
    CHECK(steady.status().live == 1);
}

TEST_CASE("a hook that may take for ever is waited for, and not told as stuck") {
    const auto dog = watchdog_by_hand();
    gate at_check;
    auto options = quiet(1, dog);
    options.health_interval = 10s;
    options.check_timeout = std::chrono::nanoseconds::max();
    auto hooks = asks_health();
    hooks.healthy = [&](worker&) { return at_check(), true; };
    watched_pool pool{options, hooks};
    manual_clock::advance(11s);
    auto sweep = elsewhere([&] { dog->sweep(); });
    at_check.at_work.acquire();
    CHECK(pool.db.status().checking == 1);
    at_check.go_on.release();
    sweep.get();
    CHECK(pool.db.stats().stuck == 0);
    CHECK(pool.db.status().idle == 1);
}

// The watchdog's own life.
// ----------------------------------------------------------------------------------------------

TEST_CASE("a watchdog does not look where nothing is due") {
    const auto dog = std::make_shared<watchdog>();
    auto options = quiet(3, dog);
    pooly::pool<int, counting_clock> idle{[] { return 1; }, options};
    watched_pool other{{.size = 1, .check_after_idle = -1s, .health_interval = 1ms, .watchdog = dog}};
    let_it_look(other.db);
    const auto before = counting_clock::reads.load();
    for (int i = 0; i < 5; ++i) let_it_look(other.db);
    CHECK(counting_clock::reads == before);
    idle.checkout().discard();  // now there is something to look at
    wait_until([&] { return counting_clock::reads > before; });
}

TEST_CASE("one watchdog serves pools of different types and clocks") {
    const auto dog = watchdog_by_hand();
    std::atomic<int> ints{0};
    std::atomic<int> strings{0};
    pooly::pool of_ints{
        [] { return 1; }, {.size = 2, .watchdog = dog}, {.healthy = [&](int& one) { return ints += one, true; }}};
    pooly::pool<std::string, manual_clock> of_strings{
        [] { return std::string{"a"}; }, {.size = 3, .watchdog = dog}, {.healthy = [&](std::string& one) {
            return strings += static_cast<int>(one.size()), true;
        }}};
    dog->sweep(std::chrono::steady_clock::now() + 31s);
    CHECK(ints == 2);
    CHECK(strings == 0);  // on its clock no time has passed
    pass(*dog, 31s);
    CHECK(strings == 3);
    CHECK(ints == 2);
}

TEST_CASE("a pool without anything to be watched has no watchdog, others make their own") {
    CHECK(pooly::pool{[] { return 1; }, {.size = 1}}.options().watchdog == nullptr);
    watched_pool own{{.size = 1, .check_after_idle = -1s, .health_interval = 1s, .overdue_after = 1h}};
    manual_clock::advance(2s);
    wait_until([&] { return own.db.stats().health_checks == 1; });
}

TEST_CASE(
    "classic bug 12: the last reference to a pool and its watchdog may be dropped by the watchdog's own threads") {
    const bool by_hand = GENERATE(true, false);
    auto dog = by_hand ? watchdog_by_hand() : std::make_shared<watchdog>();
    using pool_of_ints = pooly::pool<int, manual_clock>;
    std::shared_ptr<pool_of_ints> db;
    std::atomic<bool> gone{false};
    std::atomic<bool> armed{false};
    pool_options options{.size = 2, .check_after_idle = -1s, .health_interval = 10s, .check_timeout = 1h};
    options.watchdog = dog;
    pooly::worker_hooks<int> hooks;
    hooks.healthy = [&](int&) {
        if (armed.exchange(false)) {
            db.reset();
            gone = true;
        }
        return true;
    };
    db = std::make_shared<pool_of_ints>([] { return 1; }, options, hooks);
    options.watchdog.reset();
    armed = true;
    manual_clock::advance(11s);
    if (by_hand) dog->sweep();
    dog.reset();
    wait_until([&] { return gone.load(); });
    CHECK(db == nullptr);
}

namespace {

/// Lets a test into a visit: the watchdog reads it at the beginning, on its own thread and under no lock.
struct visited_clock {
    using duration = std::chrono::nanoseconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<visited_clock>;
    [[maybe_unused]] static constexpr bool is_steady = true;

    static inline std::function<void()> on_next_visit;
    static inline std::atomic<bool> armed{false};  // from here on nobody but the watchdog reads it

    [[nodiscard]] static time_point now() noexcept {
        if (armed.exchange(false)) on_next_visit();
        return time_point{1s};
    }
};

}  // namespace

TEST_CASE("classic bug 12: a pool that ends in a visit may be the last to hold its watchdog") {
    auto options = quiet(1, std::make_shared<watchdog>());
    options.overdue_after = 1h;  // so that it is visited again
    auto db = std::make_shared<pooly::pool<int, visited_clock>>([] { return 1; }, options);
    options.watchdog.reset();
    std::binary_semaphore gone{0};
    visited_clock::on_next_visit = [&] {
        db.reset();
        gone.release();
    };
    visited_clock::armed = true;
    gone.acquire();
    CHECK(db == nullptr);
}

TEST_CASE("classic bug 12: an observer may hold the last reference to its pool") {
    struct owner final : pooly::pool_observer {
        std::shared_ptr<pooly::pool<int>> db;
        std::binary_semaphore go_on{0};
        std::binary_semaphore gone{0};
        void notify(const pooly::pool_event&) override {
            if (!go_on.try_acquire()) return;
            db.reset();
            gone.release();
        }
    };
    const auto seen = std::make_shared<owner>();
    seen->db = std::make_shared<pooly::pool<int>>([] { return 1; },
                                                  pool_options{.size = 1, .check_timeout = 1h, .observer = seen});
    auto held = seen->db->checkout();
    auto& db = *seen->db;
    seen->go_on.release();
    db.restart();
    seen->gone.acquire();
    CHECK(seen->db == nullptr);
    held.checkin();
}

namespace {

pooly::pool<worker>& static_pool() {
    static pooly::pool<worker> db{[] { return worker{alive_at_exit()}; },
                                  {.name = "static",
                                   .size = 3,
                                   .max_overflow = 2,
                                   .check_after_idle = -1s,
                                   .health_interval = 1ms,
                                   .min_idle = 1,
                                   .overdue_after = 1ms},
                                  asks_health()};
    return db;
}

}  // namespace

// Run by the next test, in a process of its own that has nothing else to do.
TEST_CASE("a static pool with a watchdog", "[.][dies-with-a-watched-pool]") {
    (void)alive_at_exit();
    static pooly::lease<worker> outlives_the_pool;
    auto& db = static_pool();
    outlives_the_pool = db.checkout();
    wait_until([&] { return db.stats().health_checks > 3 && db.stats().overdue == 1; });
    CHECK(alive_at_exit().alive == 3);
}

#if POOLY_TEST_HAS_FORK
TEST_CASE("a pool that is made in a forked child does not take the parent's watchdog, which does nothing there") {
    const auto dog = GENERATE(true, false) ? watchdog_by_hand() : std::make_shared<watchdog>();
    pooly::pool_registry pools{dog};
    const auto make = [] { return 1; };
    using pool_of_ints = pooly::pool<int, manual_clock>;  // needs no thread, which a sanitizer would not have there
    const auto end = pooly::test::in_child_process([&] {
        const auto one = code_of([&] { return pool_of_ints{make, quiet(1, dog)}.status(); });
        const auto other = code_of([&] { return pools.add<int, manual_clock>("db", make, quiet(1, nullptr)); });
        pool_of_ints own{make, quiet(1, watchdog_by_hand())};
        return one == errc::closed && other == errc::closed && own.try_checkout() ? 0 : 1;
    });
    INFO(end.error_text);
    CHECK(end.exited_with(0));
    CHECK(pools.add("db", make, quiet(1, dog))->try_checkout());
}
#endif

#if POOLY_TEST_HAS_FORK && defined(__linux__)
TEST_CASE("classic bug 12: a pool with a watchdog may die with the statics of a program") {
    const auto end = pooly::test::in_child_process([] {
        ::alarm(30);  // a hang is an end as well, and not a good one
        ::execl("/proc/self/exe", "pooly", "[dies-with-a-watched-pool]", nullptr);
        return 98;
    });
    INFO(end.error_text);
    CHECK(end.exited_with(0));
    CHECK_THAT(end.error_text, Catch::Matchers::ContainsSubstring("alive at the very end: 0 of 3"));
}
#endif
