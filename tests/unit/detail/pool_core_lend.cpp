// SPDX-License-Identifier: MIT
#include <pooly/detail/pool_core_lend.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <pooly/pool.hpp>

#include "support/catch.hpp"
#include "support/code_of.hpp"
#include "support/gate.hpp"
#include "support/manual_clock.hpp"
#include "support/queued_consumer.hpp"
#include "support/unsupervised.hpp"
#include "support/waiting.hpp"

using namespace std::chrono_literals;
using pooly::errc;
using pooly::pool;
using pooly::test::code_of;
using pooly::test::elsewhere;
using pooly::test::manual_clock;
using pooly::test::on_another_thread;
using pooly::test::queued_consumer;
using pooly::test::unsupervised;
using pooly::test::wait_for_waiters;
using std::chrono::nanoseconds;

namespace {

using pool_of_ints = pool<int>;

/// One way to ask for a worker, which gives it back at once.
struct verb {
    std::string name;
    bool waits;
    std::function<std::error_code(pool_of_ints&)> ask;
};

/// Every verb there is; those that wait do so for a millisecond, or for as long as nothing in a test should take.
std::vector<verb> every_verb(nanoseconds wait = 1ms) {
    const auto soon = [=] { return std::chrono::steady_clock::now() + wait; };
    std::vector<verb> all{
        {"checkout", true, [](auto& db) { return code_of([&] { return db.checkout(); }); }},
        {"checkout_for", true, [=](auto& db) { return code_of([&] { return db.checkout_for(wait); }); }},
        {"checkout_until", true, [=](auto& db) { return code_of([&] { return db.checkout_until(soon()); }); }},
        {"try_checkout", false, [](auto& db) { return db.try_checkout().error(); }},
        {"try_checkout_for", true, [=](auto& db) { return db.try_checkout_for(wait).error(); }},
        {"try_checkout_until", true, [=](auto& db) { return db.try_checkout_until(soon()).error(); }},
    };
#if defined(__cpp_lib_jthread)
    static const std::stop_source nobody_asks;
    const auto token = nobody_asks.get_token();
    all.push_back({"checkout, stop", true, [=](auto& db) { return code_of([&] { return db.checkout(token); }); }});
    all.push_back(
        {"checkout_for, stop", true, [=](auto& db) { return code_of([&] { return db.checkout_for(wait, token); }); }});
    all.push_back({"checkout_until, stop", true,
                   [=](auto& db) { return code_of([&] { return db.checkout_until(soon(), token); }); }});
    all.push_back({"try_checkout_for, stop", true, [=](auto& db) { return db.try_checkout_for(wait, token).error(); }});
    all.push_back(
        {"try_checkout_until, stop", true, [=](auto& db) { return db.try_checkout_until(soon(), token).error(); }});
#endif
    return all;
}

/// For `checkout()`, which is told its timeout by the pool.
pooly::pool_options briefly(std::size_t size, std::size_t max_overflow = 0, nanoseconds wait = 1ms) {
    return {.size = size, .max_overflow = max_overflow, .checkout_timeout = wait};
}

auto one() { return 1; }

}  // namespace

// Every verb in every situation. --------------------------------------------------------------------------------------

TEST_CASE("every check-out gets an idle worker") {
    pool db{one, briefly(1)};
    for (const auto& verb : every_verb()) {
        CAPTURE(verb.name);
        CHECK_FALSE(verb.ask(db));
    }
    CHECK(db.stats().created == 1);
    CHECK(db.stats().checkouts == every_verb().size());
}

TEST_CASE("every check-out makes a worker where there is room") {
    pool db{one, briefly(0, 1, 1h)};
    std::uint64_t made = 0;
    for (const auto& verb : every_verb(1h)) {
        CAPTURE(verb.name);
        CHECK_FALSE(verb.ask(db));
        CHECK(db.stats().created == ++made);
    }
}

TEST_CASE("every check-out that waits times out on an exhausted pool; one that does not is told full") {
    pool db{one, briefly(1, 1)};
    const auto base = db.checkout();
    const auto extra = db.checkout();
    for (const auto& verb : every_verb()) {
        CAPTURE(verb.name);
        CHECK(verb.ask(db) == (verb.waits ? errc::timeout : errc::full));
    }
    CHECK(db.status().waiting == 0);
    CHECK(db.stats().full == 1);
    CHECK(db.stats().timeouts == every_verb().size() - 1);
}

TEST_CASE("every check-out is told that the pool is closed") {
    pool db{one, briefly(1)};
    db.close();
    for (const auto& verb : every_verb()) {
        CAPTURE(verb.name);
        CHECK(verb.ask(db) == errc::closed);
    }
}

TEST_CASE("every check-out is told that the pool is suspended, at once or when its time is up") {
    pool db{one, briefly(1)};
    db.suspend();
    for (const auto& verb : every_verb()) {
        CAPTURE(verb.name);
        CHECK(verb.ask(db) == errc::suspended);
    }
    CHECK(db.status().idle == 1);
}

TEST_CASE("every check-out tells what the factory threw, with the exception as its cause") {
    pool<int> db{[]() -> int { throw std::runtime_error{"no route to host"}; },
                 unsupervised({.size = 1, .start = pooly::start_mode::lazy})};
    for (const auto& verb : every_verb(1h)) {
        CAPTURE(verb.name);
        CHECK(verb.ask(db) == errc::create_failed);
    }
    CHECK_THROWS_WITH(std::rethrow_exception(db.try_checkout().cause()), "no route to host");
    CHECK(db.status().live == 0);
    CHECK(db.status().state == pooly::pool_state::ready);
}

TEST_CASE("a pool without any place refuses one who would wait instead of letting him wait in vain") {
    pool db{one, {.size = 0, .checkout_timeout = 1h}};
    for (const auto code : {code_of([&] { return db.checkout(); }), code_of([&] { return db.checkout_for(1h); }),
                            db.try_checkout_for(nanoseconds::max()).error(), db.try_checkout().error()})
        CHECK(code == errc::full);
    CHECK(db.stats().full == 4);
}

// Durations and deadlines. --------------------------------------------------------------------------------------------

TEST_CASE("a timeout of nothing or less is one try that does not wait, which gets what is there") {
    const auto try_with = [](auto timeout) {
        pool db{one, {.size = 1}};
        CHECK_FALSE(db.try_checkout_for(timeout).error());
        const auto held = db.checkout_for(timeout);
        CHECK(db.try_checkout_for(timeout).error() == errc::timeout);
        CHECK(code_of([&] { return db.checkout_for(timeout); }) == errc::timeout);
    };
    try_with(0s);
    try_with(-1ns);
    try_with(nanoseconds::min());
    try_with(std::chrono::hours::min());
    try_with(std::chrono::duration<float>{-1e30F});
    try_with(std::chrono::duration<double>{std::numeric_limits<double>::quiet_NaN()});
    try_with(std::chrono::duration<double>{-std::numeric_limits<double>::infinity()});
}

TEST_CASE("a timeout longer than all time waits until there is a worker") {
    const auto wait_with = [](auto timeout) {
        pool db{one, {.size = 1}};
        auto held = db.checkout_for(timeout);
        auto waiting = elsewhere([&] { return db.try_checkout_for(timeout).error(); });
        wait_for_waiters(db);
        held.checkin();
        CHECK_FALSE(waiting.get());
    };
    wait_with(nanoseconds::max());
    wait_with(nanoseconds::max() - 1ns);
    wait_with(std::chrono::hours::max());
    wait_with(std::chrono::duration<float>{1e30F});
    wait_with(std::chrono::duration<float>{9223372036.0F});
    wait_with(std::chrono::duration<double>{std::numeric_limits<double>::infinity()});
}

TEST_CASE("a default timeout of zero is one try; one without end waits until there is a worker") {
    pool impatient{one, {.size = 1, .checkout_timeout = 0s}};
    const auto kept = impatient.checkout();
    CHECK(code_of([&] { return impatient.checkout(); }) == errc::timeout);

    pool patient{one, {.size = 1, .checkout_timeout = nanoseconds::max()}};
    auto held = patient.checkout();
    auto waiting = elsewhere([&] { return code_of([&] { return patient.checkout(); }); });
    wait_for_waiters(patient);
    held.checkin();
    CHECK_FALSE(waiting.get());
}

TEST_CASE("a deadline that has passed is one try that does not wait") {
    using time_point = std::chrono::steady_clock::time_point;
    const auto now = std::chrono::steady_clock::now();
    for (const auto deadline : {now - 1h, now, time_point{}, time_point::min()}) {
        pool db{one, {.size = 1, .start = pooly::start_mode::lazy}};  // so that one try has to make it
        const auto held = db.checkout_until(deadline);
        CHECK(db.try_checkout_until(deadline).error() == errc::timeout);
        CHECK(code_of([&] { return db.checkout_until(deadline); }) == errc::timeout);
    }
}

TEST_CASE("a deadline may be given in any unit, the end of time included") {
    pool db{one, {.size = 1}};
    const auto wait_until = [&](auto deadline) {
        auto held = db.checkout_until(deadline);
        auto waiting = elsewhere([&] { return db.try_checkout_until(deadline).error(); });
        wait_for_waiters(db);
        held.checkin();
        CHECK_FALSE(waiting.get());
    };
    const auto now = std::chrono::steady_clock::now();
    wait_until(std::chrono::steady_clock::time_point::max());
    wait_until(std::chrono::time_point_cast<std::chrono::seconds>(now + 1h));
    wait_until(std::chrono::time_point_cast<std::chrono::duration<double>>(now + 1h));
    using in_hours = std::chrono::time_point<std::chrono::steady_clock, std::chrono::hours>;
    wait_until(in_hours::max());
}

TEST_CASE("one who waits times out at the deadline on the pool's clock, neither before nor again later") {
    manual_clock::set(1h);
    pool<int, manual_clock> db{one, {.size = 1}};
    const auto held = db.checkout();
    auto waiting = elsewhere([&] { return db.try_checkout_until(manual_clock::now() + 10s).error(); });
    wait_for_waiters(db);
    manual_clock::advance(10s - 1ns);
    CHECK(db.status().waiting == 1);
    manual_clock::advance(1ns);
    CHECK(waiting.get() == errc::timeout);
    CHECK(db.status().waiting == 0);
}

TEST_CASE("one who waits for nothing but a worker gets the one that comes back") {
    pool db{[number = 0]() mutable { return ++number; }, {.size = 1}};
    auto held = db.checkout();
    queued_consumer waiting{db};
    held.checkin();
    CHECK(*waiting.worker() == 1);
}

// Stop tokens. --------------------------------------------------------------------------------------------------------

#if defined(__cpp_lib_jthread)

TEST_CASE("one who waits leaves the queue when he is asked to stop, whichever way he waits") {
    pool db{one, {.size = 1, .checkout_timeout = 1h}};
    const auto held = db.checkout();
    const auto deadline = std::chrono::steady_clock::now() + 1h;
    const std::vector<std::function<std::error_code(std::stop_token)>> ways{
        [&](std::stop_token stop) { return code_of([&] { return db.checkout(stop); }); },
        [&](std::stop_token stop) { return code_of([&] { return db.checkout_for(1h, stop); }); },
        [&](std::stop_token stop) { return code_of([&] { return db.checkout_until(deadline, stop); }); },
        [&](std::stop_token stop) { return db.try_checkout_for(1h, stop).error(); },
        [&](std::stop_token stop) { return db.try_checkout_until(deadline, stop).error(); },
    };
    for (const auto& way : ways) {
        std::stop_source asker;
        auto waiting = elsewhere([&] { return way(asker.get_token()); });
        wait_for_waiters(db);
        asker.request_stop();
        CHECK(waiting.get() == errc::cancelled);
        CHECK(db.status().waiting == 0);
    }
    CHECK(db.stats().cancelled == ways.size());
}

TEST_CASE("one who was asked to stop before does not wait, and no worker is made for him") {
    std::stop_source asker;
    asker.request_stop();
    int made = 0;
    pool db{[&] { return ++made; }, {.size = 1, .start = pooly::start_mode::lazy}};
    for (int i = 0; i < 3; ++i)  // once more than may connect at a time: none of them has begun to
        CHECK(db.try_checkout_for(1h, asker.get_token()).error() == errc::cancelled);
    CHECK(made == 0);
    const auto held = db.checkout();
    CHECK(db.try_checkout_for(1h, asker.get_token()).error() == errc::cancelled);
    CHECK(code_of([&] { return db.checkout(asker.get_token()); }) == errc::cancelled);
    CHECK(db.stats().cancelled == 5);
}

TEST_CASE("a stop that is asked for after the worker was lent changes nothing") {
    std::stop_source asker;
    pool db{one, {.size = 1}};
    const auto held = db.checkout(asker.get_token());
    asker.request_stop();
    CHECK(held);
    CHECK(db.status().in_use == 1);
}

TEST_CASE("one who leaves from the middle of the queue is not served, the others are in their order") {
    pool db{one, {.size = 1}};
    auto held = db.checkout();
    queued_consumer first{db};
    queued_consumer second{db};
    queued_consumer third{db};
    second.cancel();
    CHECK(second.answer().error() == errc::cancelled);
    held.checkin();
    auto got = first.worker();
    CHECK_FALSE(third.has_answer());
    got.checkin();
    CHECK(third.worker());
}

#endif

// How many may wait. --------------------------------------------------------------------------------------------------

TEST_CASE("one more than may wait is told so at once, and there is room again when one has left") {
    pool db{one, {.size = 1, .max_waiters = 2}};
    auto held = db.checkout();
    queued_consumer first{db};
    queued_consumer second{db};
    CHECK(db.try_checkout_for(1h).error() == errc::overloaded);
    CHECK(code_of([&] { return db.checkout(); }) == errc::overloaded);
    CHECK(db.try_checkout().error() == errc::full);
    CHECK(db.stats().overloaded == 2);
    held.checkin();
    const auto served = first.worker();
    queued_consumer third{db};
    CHECK(db.status().waiting == 2);
    db.close();
    CHECK(second.answer().error() == errc::closed);
    CHECK(third.answer().error() == errc::closed);
}

TEST_CASE("where nobody may wait, a worker that is idle or can be made is lent all the same") {
    pool db{one, {.size = 1, .max_overflow = 1, .max_waiters = 0}};
    const auto idle = db.checkout_for(1h);
    const auto made = db.checkout_for(1h);
    CHECK(db.try_checkout_for(1h).error() == errc::overloaded);
    CHECK(db.try_checkout_for(0s).error() == errc::timeout);
}

// Making one on demand. -----------------------------------------------------------------------------------------------

TEST_CASE("a worker that is ready too late for its consumer goes to idle") {
    manual_clock::set(1h);
    pool<int, manual_clock> db{[] { return manual_clock::advance(10s), 1; },
                               {.size = 1, .start = pooly::start_mode::lazy}};
    CHECK(db.try_checkout_for(5s).error() == errc::timeout);
    CHECK(db.status().idle == 1);
    CHECK(db.stats().timeouts == 1);
    CHECK_FALSE(db.try_checkout_for(0s).error());
    CHECK(db.stats().created == 1);
}

TEST_CASE("one who does not wait for others waits for the factory") {
    manual_clock::set(1h);
    pool<int, manual_clock> db{[] { return manual_clock::advance(1h), 1; },
                               {.size = 2, .start = pooly::start_mode::lazy}};
    const auto one_try = db.try_checkout();
    CHECK(one_try);
    CHECK(db.try_checkout_for(0s));
}

TEST_CASE("a place whose worker could not be made is there for the next check-out") {
    int failures = 3;
    pool<int> db{[&] {
                     if (failures-- > 0) throw std::runtime_error{"no route"};
                     return 1;
                 },
                 unsupervised({.size = 1, .start = pooly::start_mode::lazy})};
    for (int i = 0; i < 3; ++i) CHECK(db.try_checkout().error() == errc::create_failed);
    CHECK(db.try_checkout());
    CHECK(db.stats().create_failures == 3);
    CHECK(db.stats().created == 1);
}

TEST_CASE("a pool that is closed while a worker is made does not lend it") {
    pool<int>* itself = nullptr;
    pool<int> db{[&] { return itself->close(), 1; }, {.size = 1, .start = pooly::start_mode::lazy}};
    itself = &db;
    CHECK(db.try_checkout().error() == errc::closed);
    CHECK(db.status().live == 0);
    CHECK(db.stats().destroyed == 1);
}

// Health at check-out. ------------------------------------------------------------------------------------------------

namespace {

/// A pool on a clock that stands still whose workers are numbers, asked for their health.
struct clinic {
    explicit clinic(nanoseconds check_after_idle, std::size_t size = 1)
        : db{[this] { return ++made; },
             {.size = size, .order = pooly::idle_order::lifo, .check_after_idle = check_after_idle},
             {.healthy = [this](int& number) { return asked.push_back(number), number > dead_up_to; }}} {}

    int made = 0;
    int dead_up_to = 0;
    std::vector<int> asked;
    pool<int, manual_clock> db;
};

}  // namespace

TEST_CASE("a worker that idled for as long as was said is asked for its health, a shorter one is not") {
    clinic here{500ms};
    manual_clock::advance(500ms - 1ns);
    here.db.checkout().checkin();
    CHECK(here.asked.empty());
    manual_clock::advance(500ms);
    here.db.checkout().checkin();
    CHECK(here.asked == std::vector<int>{1});
    here.db.checkout().checkin();
    CHECK(here.asked.size() == 1);
}

TEST_CASE("half a second of idleness is what is asked after by default") {
    manual_clock::set(1h);
    int asked = 0;
    pool<int, manual_clock> db{one, {.size = 1}, {.healthy = [&](int&) { return ++asked > 0; }}};
    manual_clock::advance(499ms);
    db.checkout().checkin();
    CHECK(asked == 0);
    manual_clock::advance(500ms);
    db.checkout().checkin();
    CHECK(asked == 1);
}

TEST_CASE("with check_after_idle 0 every worker is asked, with a negative one none ever") {
    clinic always{0ns};
    always.db.checkout().checkin();
    always.db.checkout().checkin();
    CHECK(always.asked.size() == 2);
    clinic never{-1ns};
    manual_clock::advance(1000h);
    never.db.checkout().checkin();
    CHECK(never.asked.empty());
    clinic least{nanoseconds::min()};
    manual_clock::advance(1000h);
    least.db.checkout().checkin();
    CHECK(least.asked.empty());
}

TEST_CASE("with check_after_idle 0 every worker is asked on the steady clock too, the one just made included") {
    int asked = 0;
    pool<int> db{one, {.size = 1, .check_after_idle = 0ns}, {.healthy = [&](int&) { return ++asked > 0; }}};
    for (int i = 1; i <= 10; ++i) {
        db.checkout().checkin();
        CHECK(asked == i);
    }
}

TEST_CASE("a worker that is made for its consumer is not asked") {
    clinic here{0ns, 0};
    here.db.resize(0, 1);
    here.db.checkout().checkin();
    CHECK(here.asked.empty());
}

TEST_CASE("a dead worker is destroyed and the next idle one is asked, without end but for a new one") {
    clinic here{0ns, 3};
    here.dead_up_to = 2;
    CHECK(*here.db.checkout() == 3);
    CHECK(here.asked == std::vector<int>{3});
    here.asked.clear();
    here.dead_up_to = 3;
    const auto fresh = here.db.checkout();
    CHECK(*fresh == 4);
    CHECK(here.asked.size() == 3);
    CHECK(fresh.info().uses == 1);
    const auto stats = here.db.stats();
    CHECK(stats.unhealthy == 3);
    CHECK(stats.destroyed == 3);
    CHECK(stats.checkouts == 2);
}

TEST_CASE("a worker that throws when it is asked is dead") {
    int made = 0;
    pool<int, manual_clock> db{[&] { return ++made; },
                               {.size = 1, .check_after_idle = 0ns},
                               {.healthy = [](int&) -> bool { throw std::runtime_error{"hung up"}; }}};
    CHECK(*db.checkout() == 2);
    CHECK(db.stats().unhealthy == 1);
}

TEST_CASE("a dead worker whose successor cannot be made leaves its place free") {
    bool fails = false;
    pool<int, manual_clock> db{[&] {
                                   if (fails) throw std::runtime_error{"no route"};
                                   return 1;
                               },
                               unsupervised({.size = 1, .check_after_idle = 0ns}),
                               {.healthy = [](int&) { return false; }}};
    fails = true;
    CHECK(db.try_checkout().error() == errc::create_failed);
    CHECK(db.status().live == 0);
    fails = false;
    CHECK(db.try_checkout());
}

TEST_CASE("one whose time runs out while a worker is asked for its health gets it if it is well") {
    manual_clock::set(1h);
    bool well = true;
    pool<int, manual_clock> db{
        one, {.size = 1, .check_after_idle = 0ns}, {.healthy = [&](int&) { return manual_clock::advance(1h), well; }}};
    CHECK_FALSE(db.try_checkout_for(1s).error());
    well = false;
    CHECK(db.try_checkout_for(1s).error() == errc::timeout);
    CHECK(db.status().live == 0);
}

// The fast path. ------------------------------------------------------------------------------------------------------

TEST_CASE("a thread gets the worker again that it had last") {
    pool db{[number = 0]() mutable { return ++number; }, {.size = 8}};
    auto first = db.checkout();
    const auto mine = *db.checkout();
    first.checkin();  // where this thread would look first, if it did not remember
    CHECK(on_another_thread([&] {
        const auto theirs = *db.checkout();
        return *db.checkout() == theirs;
    }));
    for (int i = 0; i < 10; ++i) CHECK(*db.checkout() == mine);
}

TEST_CASE("a pool never follows the memory of a pool that is gone") {
    for (int i = 0; i < 20; ++i) {
        pool db{[i] { return i; }, {.size = 1}};
        CHECK(*db.checkout() == i);
    }
}

TEST_CASE("a thread that uses many pools in turn gets each pool's own worker") {
    std::vector<std::unique_ptr<pool_of_ints>> pools;
    for (int i = 0; i < 20; ++i)
        pools.push_back(std::make_unique<pool_of_ints>([i] { return i; }, pooly::pool_options{.size = 1}));
    for (int round = 0; round < 3; ++round)
        for (int i = 0; i < 20; ++i) CHECK(*pools[static_cast<std::size_t>(i)]->checkout() == i);
}

TEST_CASE("one who met a dead worker is lent none in a pool that was suspended meanwhile, and waits") {
    pooly::test::gate at_the_end;
    std::atomic<int> made{0};
    pooly::pool<int> db{[&] { return ++made; },
                        {.size = 1, .check_after_idle = 0s},
                        {.healthy = [](int& one) { return one != 1; },
                         .retire =
                             [&](int& one) {
                                 if (one == 1) at_the_end();
                             }}};
    auto lent = elsewhere([&] { return db.try_checkout_for(1h).has_value(); });
    at_the_end.at_work.acquire();
    db.suspend();
    CHECK(db.drain_for(0s) == 0);
    at_the_end.go_on.release();
    wait_for_waiters(db, 1);
    db.resume();
    CHECK(lent.get());
}
