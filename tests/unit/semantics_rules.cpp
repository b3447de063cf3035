// SPDX-License-Identifier: MIT
// The rules of a pool one by one, where the sixteen cases (semantics_cases.cpp) say nothing of them.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <semaphore>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <vector>

#include <pooly/pooly.hpp>

#include "support/catch.hpp"
#include "support/code_of.hpp"
#include "support/counted_pool.hpp"
#include "support/hooked_clock.hpp"
#include "support/queued_consumer.hpp"
#include "support/stop_at_clock.hpp"
#include "support/waiting.hpp"

using namespace std::chrono_literals;
using namespace pooly::test;
using pooly::errc;
using pooly::fairness_policy;
using pooly::idle_order;
using pooly::lease;
using pooly::pool_state;
using pooly::start_mode;

namespace {

using consumer = queued_consumer<worker>;

/// A pool whose time stands still until a test moves it.
struct timed_pool {
    timed_pool(std::size_t size, std::size_t max_overflow, const policy& by)
        : timed_pool{sized(size, max_overflow, by)} {}
    explicit timed_pool(const pooly::pool_options& options)
        : db{[this] {
                 if (while_making) while_making();
                 return worker{at};
             },
             options} {}

    backend at;
    std::function<void()> while_making;
    pooly::pool<worker, hooked_clock> db;
};

/// Who is left in the queue when one of it has gone is served as ever, in order.
template <class Pool, class Queue, class Lease>
void check_others_are_served(Pool& db, Queue& queue, std::size_t gone, Lease held) {
    CHECK(look(db) == counts{.in_use = 1, .waiting = queue.size() - 1});
    for (std::size_t i = 0; i < queue.size(); ++i) {
        if (i == gone) continue;
        held.checkin();
        held = queue[i]->worker();
    }
    held.checkin();
    CHECK(look(db) == counts{.idle = 1});
}

}  // namespace

TEST_CASE("rule 1: starting makes `size` workers") {
    POOLY_TEST_UNDER_EVERY_POLICY(by);
    const counted_pool pool{3, 2, by};
    CHECK(pool.at.made == 3);
    CHECK(look(pool.db) == counts{.idle = 3});
}

TEST_CASE("rule 1: if a worker cannot be made, starting fails with the factory's error and leaves none behind") {
    POOLY_TEST_UNDER_EVERY_POLICY(by);
    backend at;
    const auto start = [&] {
        const pooly::pool<worker> db{[&] {
                                         if (at.made == 2) throw std::out_of_range{"no third one"};
                                         return worker{at};
                                     },
                                     sized(5, 0, by)};
    };
    CHECK_THROWS_MATCHES(start(), std::out_of_range, Catch::Matchers::Message("no third one"));
    CHECK(at.made == 2);
    CHECK(at.alive == 0);
}

TEST_CASE("rule 1: a lazy start makes each worker when it is asked for and none is idle") {
    POOLY_TEST_UNDER_EVERY_POLICY(by);
    auto options = sized(2, 0, by);
    options.start = start_mode::lazy;
    counted_pool pool{options};
    CHECK(look(pool.db) == counts{});
    CHECK(number_of_next(pool.db) == 1);
    CHECK(number_of_next(pool.db) == 1);
    const auto both = take(pool.db, 2);
    CHECK(pool.at.made == 2);
    CHECK(look(pool.db) == counts{.in_use = 2});
}

TEST_CASE("rule 1: a pool of size 0 makes each worker when it is asked for and dismisses it when it returns") {
    POOLY_TEST_UNDER_EVERY_POLICY(by);
    counted_pool pool{0, 2, by};
    CHECK(pool.at.made == 0);
    for (int made = 1; made <= 2; ++made) {
        auto one = pool.db.checkout();
        CHECK(one->number() == made);
        CHECK(pool.db.status().overflow == 1);
        one.checkin();
        CHECK(pool.at.alive == 0);
        CHECK(look(pool.db) == counts{});
    }
}

TEST_CASE("rule 2: lifo lends the workers in the reverse order of their return, fifo in that order") {
    const auto fairness = GENERATE(fairness_policy::strict_fifo, fairness_policy::bounded_barging);
    const auto order = GENERATE(idle_order::lifo, idle_order::fifo);
    counted_pool pool{4, 0, {order, fairness}};
    auto taken = take(pool.db, 4);
    std::vector<int> returned;
    for (const std::size_t which : {2U, 0U, 3U, 1U}) {
        returned.push_back(taken[which]->number());
        taken[which].checkin();
    }
    std::vector<int> lent;
    for (const auto& one : taken = take(pool.db, 4)) lent.push_back(one->number());
    if (order == idle_order::lifo) std::reverse(returned.begin(), returned.end());
    CHECK(lent == returned);
}

TEST_CASE("rule 2: affine lends each thread its own worker again, whoever returned last") {
    const auto fairness = GENERATE(fairness_policy::strict_fifo, fairness_policy::bounded_barging);
    counted_pool pool{4, 0, {idle_order::affine, fairness}};
    auto other = pool.db.checkout();
    auto own = pool.db.checkout();  // the last that served this thread
    const int mine = own->number();
    own.checkin();
    other.checkin();
    for (int i = 0; i < 3; ++i) {
        on_another_thread([&] { (void)number_of_next(pool.db); });
        CHECK(number_of_next(pool.db) == mine);
    }
}

TEST_CASE("rule 3: where there is room one more is made at once, for those who wait and those who do not") {
    POOLY_TEST_UNDER_EVERY_POLICY(by);
    counted_pool pool{1, 3, by};
    std::vector<lease<worker>> taken;
    taken.push_back(pool.db.checkout());
    taken.push_back(pool.db.try_checkout().value());
    CHECK(pool.db.status().overflow == 1);
    taken.push_back(pool.db.checkout_for(0s));
    CHECK(pool.db.status().overflow == 2);
    taken.push_back(pool.db.checkout());
    CHECK(pool.db.status().overflow == 3);
    CHECK(pool.db.stats().waited == 0);
    CHECK(code_of([&] { return pool.db.checkout_for(0s); }) == errc::timeout);
}

TEST_CASE("rule 4: full is an answer, counted, with no cause, and leaves the pool as it was") {
    POOLY_TEST_UNDER_EVERY_POLICY(by);
    counted_pool pool{1, 1, by};
    const auto taken = take(pool.db, 2);
    const auto refused = pool.db.try_checkout();
    CHECK_FALSE(refused);
    CHECK(refused.error() == errc::full);
    CHECK(refused.cause() == nullptr);
    CHECK(pool.db.stats().full == 1);
    CHECK(look(pool.db) == counts{.in_use = 2});
}

TEST_CASE("rule 5: those who wait are served in the order of their arrival") {
    POOLY_TEST_UNDER_EVERY_POLICY(by);
    counted_pool pool{1, 0, by};
    auto held = pool.db.checkout();
    consumer first{pool.db};
    consumer second{pool.db};
    consumer third{pool.db};
    CHECK(look(pool.db) == counts{.in_use = 1, .waiting = 3});
    held.checkin();
    auto its = first.worker();
    CHECK_FALSE(second.has_answer());
    CHECK_FALSE(third.has_answer());
    CHECK(look(pool.db) == counts{.in_use = 1, .waiting = 2});
    its.checkin();
    its = second.worker();
    CHECK_FALSE(third.has_answer());
    its.checkin();
    its = third.worker();
    CHECK(look(pool.db) == counts{.in_use = 1});
}

TEST_CASE("rule 5: one who waits has five seconds unless he says otherwise, and not less") {
    POOLY_TEST_UNDER_EVERY_POLICY(by);
    timed_pool pool{1, 0, by};
    const auto held = pool.db.checkout();
    std::atomic<int> looks{0};
    auto refused = elsewhere([&] {
        hooked_clock::on_this_thread = [&] { ++looks; };
        return code_of([&] { return pool.db.checkout(); });
    });
    wait_for_waiters(pool.db);
    hooked_clock::advance(5s - 1ns);
    const int before = looks;
    wait_until([&] { return looks >= before + 2; });  // so he has seen the time
    CHECK(look(pool.db) == counts{.in_use = 1, .waiting = 1});
    hooked_clock::advance(1ns);
    CHECK(refused.get() == errc::timeout);
    CHECK(look(pool.db) == counts{.in_use = 1});
}

TEST_CASE("rule 6: a worker that returns while someone waits changes hands, and the overflow stays as it is") {
    POOLY_TEST_UNDER_EVERY_POLICY(by);
    counted_pool pool{1, 1, by};
    auto taken = take(pool.db, 2);
    consumer waiter{pool.db};
    const int returned = taken.front()->number();
    give_back(taken, 1);
    CHECK(waiter.worker()->number() == returned);
    CHECK(pool.at.made == 2);
}

TEST_CASE("rule 7: with overflow the worker that returns is dismissed, whichever it is") {
    POOLY_TEST_UNDER_EVERY_POLICY(by);
    const auto which = GENERATE(std::size_t{0}, std::size_t{1}, std::size_t{2});
    counted_pool pool{2, 1, by};
    auto taken = take(pool.db, 3);
    const int returned = taken[which]->number();
    taken[which].checkin();
    CHECK(pool.at.alive == 2);
    CHECK(look(pool.db) == counts{.in_use = 2});
    CHECK(pool.db.stats().dismissed == 1);

    taken.clear();
    for (const auto& one : taken = take(pool.db, 2)) CHECK(one->number() != returned);
}

TEST_CASE(
    "rule 8: a worker is never idle beside overflow, though more return than wait before the one who waits is awake") {
    const auto order = GENERATE(idle_order::lifo, idle_order::fifo, idle_order::affine);
    timed_pool pool{1, 3, {order, fairness_policy::bounded_barging}};
    auto taken = take(pool.db, 4);
    stop_at_clock still;
    lease<worker> its;
    auto waiter = elsewhere([&] {
        still.put_here();
        its = pool.db.checkout_for(1h);
    });
    wait_for_waiters(pool.db);
    still.await();
    auto first = elsewhere([&] { taken[0].checkin(); });  // who then waits to tell the waiter
    wait_until([&] { return pool.db.status().in_use == 3; });
    taken[1].checkin();
    taken[2].checkin();
    still.go_on();
    first.get();
    waiter.get();
    CHECK(look(pool.db) == counts{.in_use = 2});
    CHECK(pool.at.alive == 2);
}

TEST_CASE(
    "rule 8: a worker is never idle beside overflow, though the pool is suspended before the one who waits is awake") {
    const auto order = GENERATE(idle_order::lifo, idle_order::fifo, idle_order::affine);
    timed_pool pool{1, 1, {order, fairness_policy::bounded_barging}};
    auto taken = take(pool.db, 2);
    stop_at_clock still;
    auto waiter = elsewhere([&] {
        still.put_here();
        return pool.db.try_checkout_for(1h).error();
    });
    wait_for_waiters(pool.db);
    still.await();
    auto first = elsewhere([&] { taken[0].checkin(); });
    wait_until([&] { return pool.db.status().idle == 1; });
    pool.db.suspend();
    still.go_on();
    first.get();
    CHECK(look(pool.db) == counts{.in_use = 1, .waiting = 1});
    hooked_clock::advance(1h);
    CHECK(waiter.get() == errc::suspended);
    pool.db.resume();
    CHECK(look(pool.db) == counts{.in_use = 1});
    CHECK(pool.at.alive == 1);
}

TEST_CASE("rule 9: a second check-in of a lease does nothing, though its worker has a new holder") {
    POOLY_TEST_UNDER_EVERY_POLICY(by);
    counted_pool pool{1, 0, by};
    auto one = pool.db.checkout();
    one.checkin();
    one.checkin();
    one.discard();
    CHECK(look(pool.db) == counts{.idle = 1});

    const auto other = pool.db.checkout();
    one.checkin();
    one.discard();
    CHECK(look(pool.db) == counts{.in_use = 1});
    CHECK(other->number() == 1);
    CHECK(pool.at.alive == 1);
}

TEST_CASE("rule 9: a worker that returns from an earlier generation is destroyed and counts for nothing else") {
    POOLY_TEST_UNDER_EVERY_POLICY(by);
    counted_pool pool{2, 1, by};
    auto taken = take(pool.db, 1);
    pool.db.restart();
    CHECK(pool.at.made == 3);  // the idle one was replaced
    CHECK(look(pool.db) == counts{.idle = 1, .in_use = 1});
    CHECK(taken.front().info().generation == 0);

    give_back(taken, 1);
    CHECK(pool.at.alive == 1);
    CHECK(look(pool.db) == counts{.idle = 1});
    const auto stats = pool.db.stats();
    CHECK(stats.dismissed + stats.discarded == 0);
    CHECK(stats.destroyed == 2);
    for (const auto& one : taken = take(pool.db, 2)) CHECK(one.info().generation == 1);
}

TEST_CASE("rule 9: one who waits gets a new worker instead of one that returns from an earlier generation") {
    POOLY_TEST_UNDER_EVERY_POLICY(by);
    counted_pool pool{1, 0, by};
    auto held = pool.db.checkout();
    consumer waiter{pool.db};
    pool.db.restart();
    CHECK(look(pool.db) == counts{.in_use = 1, .waiting = 1});
    held.checkin();
    const auto its = waiter.worker();
    CHECK(its->number() == 2);
    CHECK(its.info().generation == 1);
    CHECK(pool.at.alive == 1);
}

TEST_CASE("rule 10: the worker of a consumer that dies is reset, and then goes to the one who waits") {
    POOLY_TEST_UNDER_EVERY_POLICY(by);
    counted_pool pool{sized(1, 0, by), {.reset = [](worker& one) { one.dirty = false; }}};
    std::binary_semaphore die{0};
    std::atomic<bool> holding{false};
    auto victim = elsewhere([&] {
        auto held = pool.db.checkout();
        held->dirty = true;
        holding = true;
        die.acquire();
        throw std::runtime_error{"the consumer dies"};
    });
    wait_until([&] { return holding.load(); });
    consumer waiter{pool.db};
    die.release();
    CHECK_THROWS_AS(victim.get(), std::runtime_error);
    const auto its = waiter.worker();
    CHECK(its->number() == 1);
    CHECK_FALSE(its->dirty);
}

TEST_CASE("rule 10: the overflow worker of a consumer that dies is dismissed, any other becomes idle") {
    POOLY_TEST_UNDER_EVERY_POLICY(by);
    counted_pool pool{1, 1, by};
    const auto die_holding = [&] {
        const auto held = pool.db.checkout();
        throw std::runtime_error{"the consumer dies"};
    };
    auto first = pool.db.checkout();
    CHECK_THROWS_AS(die_holding(), std::runtime_error);
    CHECK(look(pool.db) == counts{.in_use = 1});
    CHECK(pool.at.alive == 1);
    first.checkin();
    CHECK_THROWS_AS(die_holding(), std::runtime_error);
    CHECK(look(pool.db) == counts{.idle = 1});
}

TEST_CASE("rule 10: a worker that cannot be reset is destroyed, and the one who waits gets a new one") {
    POOLY_TEST_UNDER_EVERY_POLICY(by);
    counted_pool pool{sized(1, 0, by), {.reset = [](worker& one) {
                          if (one.dirty) throw std::runtime_error{"cannot be reset"};
                      }}};
    auto held = pool.db.checkout();
    held->dirty = true;
    consumer waiter{pool.db};
    held.checkin();
    CHECK(waiter.worker()->number() == 2);
    CHECK(pool.at.alive == 1);
    CHECK(pool.db.stats().reset_failures == 1);
}

#if defined(__cpp_lib_jthread)
TEST_CASE("rule 11: one who is asked to stop leaves the queue at once, from any place in it") {
    POOLY_TEST_UNDER_EVERY_POLICY(by);
    const auto who = GENERATE(std::size_t{0}, std::size_t{1}, std::size_t{2});
    counted_pool pool{1, 0, by};
    auto held = pool.db.checkout();
    std::vector<std::unique_ptr<consumer>> queue;
    for (int i = 0; i < 3; ++i) queue.push_back(std::make_unique<consumer>(pool.db));

    queue[who]->cancel();
    CHECK(queue[who]->answer().error() == errc::cancelled);
    CHECK(pool.db.stats().cancelled == 1);
    check_others_are_served(pool.db, queue, who, std::move(held));
}

TEST_CASE("rule 11: one who was asked to stop before he came does not queue, but takes what is there") {
    POOLY_TEST_UNDER_EVERY_POLICY(by);
    counted_pool pool{1, 0, by};
    std::stop_source stop;
    stop.request_stop();
    const auto held = pool.db.checkout(stop.get_token());
    CHECK(held);
    CHECK(pool.db.try_checkout_for(1h, stop.get_token()).error() == errc::cancelled);
    CHECK(look(pool.db) == counts{.in_use = 1});
}
#endif

TEST_CASE("rule 11: one whose time is up leaves the queue at once, from any place in it") {
    POOLY_TEST_UNDER_EVERY_POLICY(by);
    const auto who = GENERATE(std::size_t{0}, std::size_t{1}, std::size_t{2});
    timed_pool pool{1, 0, by};
    auto held = pool.db.checkout();
    std::vector<std::unique_ptr<queued_consumer<worker, hooked_clock>>> queue;
    for (std::size_t i = 0; i < 3; ++i)
        queue.push_back(std::make_unique<queued_consumer<worker, hooked_clock>>(pool.db, i == who ? 1s : 1h));

    hooked_clock::advance(1s);
    CHECK(queue[who]->answer().error() == errc::timeout);
    CHECK(pool.db.stats().timeouts == 1);
    check_others_are_served(pool.db, queue, who, std::move(held));
}

TEST_CASE("rule 11: a worker that is made too late for the one who asked goes to the next, to idle, or away") {
    POOLY_TEST_UNDER_EVERY_POLICY(by);
    struct course {
        std::size_t size, max_overflow;
        bool another_waits;
        counts after;
    };
    const std::vector<course> courses{
        {1, 0, true, {.in_use = 1}},
        {1, 0, false, {.idle = 1}},
        {0, 1, false, {}},
    };
    for (const auto& one : courses) {
        CAPTURE(one.size, one.max_overflow, one.another_waits);
        timed_pool pool{one.size, one.max_overflow, by};
        auto held = pool.db.checkout();
        queued_consumer<worker, hooked_clock> late{pool.db, 1s};
        std::unique_ptr<queued_consumer<worker, hooked_clock>> next;
        if (one.another_waits) next = std::make_unique<queued_consumer<worker, hooked_clock>>(pool.db);
        pool.while_making = [] { hooked_clock::advance(1s); };
        held.discard();
        CHECK(late.answer().error() == errc::timeout);
        lease<worker> its;
        if (next) its = next->worker();
        CHECK(look(pool.db) == one.after);
        CHECK(pool.at.made == 2);
    }
}

TEST_CASE("rule 11: zero and negative timeouts, and deadlines that have passed, are one try that does not wait") {
    POOLY_TEST_UNDER_EVERY_POLICY(by);
    counted_pool pool{1, 1, by};
    using ns = std::chrono::nanoseconds;
    for (const ns timeout : {ns{0}, ns{-1}, ns{-5s}, ns::min()}) {
        CAPTURE(timeout.count());
        std::vector<lease<worker>> taken;
        taken.push_back(pool.db.checkout_for(timeout));                     // an idle one
        taken.push_back(pool.db.try_checkout_for(timeout).value());         // a new one
        CHECK(pool.db.try_checkout_for(timeout).error() == errc::timeout);  // neither
        CHECK(code_of([&] { return pool.db.checkout_for(timeout); }) == errc::timeout);
        CHECK(code_of([&] { return pool.db.begin_for(timeout); }) == errc::timeout);
        const auto past = std::chrono::steady_clock::now() + std::max(timeout, ns{-1s});
        CHECK(pool.db.try_checkout_until(past).error() == errc::timeout);
        CHECK(code_of([&] { return pool.db.checkout_until(past); }) == errc::timeout);
        CHECK(look(pool.db) == counts{.in_use = 2});
    }
    CHECK(pool.db.stats().waited == 0);
    CHECK(pool.db.try_checkout_until(std::chrono::steady_clock::time_point::min()));
}

TEST_CASE("rule 12: when a busy worker dies the oldest of those who wait gets a new one") {
    POOLY_TEST_UNDER_EVERY_POLICY(by);
    counted_pool pool{0, 2, by};
    auto taken = take(pool.db, 2);
    consumer oldest{pool.db};
    consumer other{pool.db};
    kill_one(taken);
    const auto its = oldest.worker();
    CHECK(its->number() == 3);
    CHECK_FALSE(other.has_answer());
    CHECK(look(pool.db) == counts{.in_use = 2, .waiting = 1});
    kill_one(taken);
    CHECK(other.worker()->number() == 4);
}

TEST_CASE("rule 12: a worker that is taken out of the pool is made up for as one that died") {
    POOLY_TEST_UNDER_EVERY_POLICY(by);
    std::atomic<int> made{0};
    pooly::pool<std::unique_ptr<int>> db{[&] { return std::make_unique<int>(++made); }, sized(1, 1, by)};
    auto taken = take(db, 2);
    const int its = **taken.back();
    CHECK(*taken.back().detach() == its);
    taken.pop_back();
    CHECK(look(db) == counts{.in_use = 1});  // overflow: gone
    (void)taken.back().detach();
    taken.pop_back();
    CHECK(look(db) == counts{.idle = 1});  // of the size: replaced
    CHECK(made == 3);
}

TEST_CASE("rule 13: an idle worker that has died is replaced instead of being lent") {
    POOLY_TEST_UNDER_EVERY_POLICY(by);
    auto options = sized(2, 0, by);
    options.check_after_idle = 0s;
    counted_pool pool{options, {.healthy = [](worker& one) { return !one.dead; }}};
    for (auto& one : take(pool.db, 2)) one->dead = true;

    std::vector<lease<worker>> taken;
    for (const int number : {3, 4}) {
        taken.push_back(pool.db.try_checkout().value());
        CHECK(taken.back()->number() == number);
    }
    CHECK(pool.at.alive == 2);
    CHECK(pool.db.stats().unhealthy == 2);
    CHECK(pool.db.try_checkout().error() == errc::full);
}

TEST_CASE("rule 13: the place of an idle worker that has died is not lost, though another is lent in its stead") {
    POOLY_TEST_UNDER_EVERY_POLICY(by);
    auto options = sized(2, 0, by);
    options.check_after_idle = 0s;
    counted_pool pool{options, {.healthy = [](worker& one) { return !one.dead; }}};
    const int next = number_of_next(pool.db);
    for (auto& one : take(pool.db, 2)) one->dead = one->number() == next;

    const auto first = pool.db.checkout();
    CHECK_FALSE(first->dead);
    const auto second = pool.db.try_checkout();
    REQUIRE(second);
    CHECK_FALSE(second->dead);
    CHECK(pool.at.made == 3);
    CHECK(look(pool.db) == counts{.in_use = 2});
}

TEST_CASE("rule 14: the place of a worker that cannot be replaced stays free, and is filled when it is needed") {
    POOLY_TEST_UNDER_EVERY_POLICY(by);
    counted_pool pool{2, 1, by};
    pool.at.down = true;
    for (int deaths = 0; deaths < 2; ++deaths) pool.db.checkout().discard();
    CHECK(look(pool.db) == counts{});
    CHECK(pool.db.status().state == pool_state::ready);
    for (int failures = 0; failures < 5; ++failures) {
        const auto refused = pool.db.try_checkout();
        CHECK(refused.error() == errc::create_failed);
        CHECK_THROWS_MATCHES(std::rethrow_exception(refused.cause()), std::runtime_error,
                             Catch::Matchers::Message("the backend is down"));
        CHECK(code_of([&] { return pool.db.checkout(); }) == errc::create_failed);
        CHECK(look(pool.db) == counts{});
    }
    pool.at.down = false;
    const auto taken = take(pool.db, 3);
    CHECK(pool.db.try_checkout().error() == errc::full);
}

TEST_CASE("rule 14: those who wait learn that no replacement can be made, one after the other") {
    POOLY_TEST_UNDER_EVERY_POLICY(by);
    counted_pool pool{1, 0, by};
    auto held = pool.db.checkout();
    consumer oldest{pool.db};
    consumer other{pool.db};
    pool.at.down = true;
    held.discard();
    CHECK(oldest.answer().error() == errc::create_failed);
    CHECK(other.answer().error() == errc::create_failed);
    CHECK(look(pool.db) == counts{});
    pool.at.down = false;
    CHECK(pool.db.try_checkout());
}

TEST_CASE("rule 15: a transaction checks in before it returns what the function returned") {
    POOLY_TEST_UNDER_EVERY_POLICY(by);
    counted_pool pool{1, 0, by};
    CHECK(pool.db.transaction([](worker& one) { return one.number() * 10; }) == 10);
    CHECK(look(pool.db) == counts{.idle = 1});
    pool.db.transaction([](worker&) {}, 1h);
    CHECK(look(pool.db) == counts{.idle = 1});
}

TEST_CASE("rule 15: whatever a transaction throws arrives unchanged, and its worker goes to the one who waits") {
    POOLY_TEST_UNDER_EVERY_POLICY(by);
    counted_pool pool{1, 0, by};
    struct no_exception {
        int code;
    };
    std::unique_ptr<consumer> waiter;
    int code = 0;
    try {
        pool.db.transaction([&](worker&) {
            waiter = std::make_unique<consumer>(pool.db);
            throw no_exception{42};
        });
    } catch (const no_exception& thrown) {
        code = thrown.code;
    }
    CHECK(code == 42);
    CHECK(waiter->worker()->number() == 1);
}

TEST_CASE("rule 15: the timeout of a transaction covers getting a worker, and not the time the function takes") {
    POOLY_TEST_UNDER_EVERY_POLICY(by);
    timed_pool pool{1, 0, by};
    const auto slow = [](worker&) { hooked_clock::advance(1h); };
    CHECK_NOTHROW(pool.db.transaction(slow, 1s));
    const auto held = pool.db.checkout();
    auto refused = elsewhere(
        [&] { return code_of([&] { return pool.db.transaction([](worker& one) { return one.number(); }, 1s); }); });
    wait_for_waiters(pool.db);
    hooked_clock::advance(1s);
    CHECK(refused.get() == errc::timeout);
}

TEST_CASE("rule 16: a place under `size` that has no worker counts as ready") {
    POOLY_TEST_UNDER_EVERY_POLICY(by);
    auto options = sized(2, 1, by);
    options.start = start_mode::lazy;
    counted_pool pool{options};
    const auto state = [&] { return pool.db.status().state; };
    CHECK(state() == pool_state::ready);
    auto taken = take(pool.db, 1);
    CHECK(state() == pool_state::ready);
    taken.push_back(pool.db.checkout());
    CHECK(state() == pool_state::overflow);
    taken.push_back(pool.db.checkout());
    CHECK(state() == pool_state::full);
    kill_one(taken);
    CHECK(state() == pool_state::overflow);
    pool.at.down = true;
    kill_one(taken);
    CHECK(look(pool.db) == counts{.in_use = 1});
    CHECK(state() == pool_state::ready);
}

TEST_CASE("rule 16: a suspended pool says so, and so does a closed one before all else") {
    POOLY_TEST_UNDER_EVERY_POLICY(by);
    counted_pool pool{1, 0, by};
    const auto state = [&] { return pool.db.status().state; };
    pool.db.suspend();
    CHECK(state() == pool_state::suspended);
    CHECK(pool.db.try_checkout().error() == errc::suspended);
    pool.db.resume();
    CHECK(state() == pool_state::ready);
    const auto held = pool.db.checkout();
    CHECK(state() == pool_state::full);
    pool.db.suspend();
    CHECK(state() == pool_state::suspended);
    pool.db.close();
    CHECK(state() == pool_state::closed);
    pool.db.resume();
    CHECK(state() == pool_state::closed);
}

TEST_CASE("rule 16: a pool that is drained lends nothing meanwhile and says that it is suspended") {
    POOLY_TEST_UNDER_EVERY_POLICY(by);
    counted_pool pool{2, 0, by};
    auto held = pool.db.checkout();
    auto left = elsewhere([&] { return pool.db.drain_for(1h); });
    wait_until([&] { return pool.db.status().state == pool_state::suspended; });
    CHECK(pool.db.try_checkout().error() == errc::suspended);
    held.checkin();
    CHECK(left.get() == 0);
    CHECK(pool.db.status().state == pool_state::ready);
    held = pool.db.checkout();
    CHECK(pool.db.drain_for(0s) == 1);
    CHECK(pool.db.status().state == pool_state::ready);
}

TEST_CASE("rule 18: closing tells those who wait, destroys the idle workers now and the others when they return") {
    POOLY_TEST_UNDER_EVERY_POLICY(by);
    counted_pool pool{3, 1, by};
    auto taken = take(pool.db, 2);
    pool.db.close();
    CHECK(pool.at.alive == 2);
    CHECK(look(pool.db) == counts{.in_use = 2});
    kill_one(taken);
    CHECK(pool.at.alive == 1);
    give_back(taken, 1);
    CHECK(pool.at.alive == 0);
    CHECK(pool.at.made == 3);
    CHECK(look(pool.db) == counts{});

    CHECK(pool.db.try_checkout().error() == errc::closed);
    CHECK(code_of([&] { return pool.db.checkout(); }) == errc::closed);
    CHECK(code_of([&] { return pool.db.checkout_for(0s); }) == errc::closed);
    CHECK(code_of([&] { return pool.db.transaction([](worker& one) { return one.number(); }); }) == errc::closed);
    CHECK(pool.db.prewarm() == 0);
    pool.db.restart();
    pool.db.close();
    CHECK(pool.at.made == 3);
}

TEST_CASE("rule 18: all who wait when a pool is closed are told so") {
    POOLY_TEST_UNDER_EVERY_POLICY(by);
    counted_pool pool{1, 0, by};
    auto held = pool.db.checkout();
    consumer first{pool.db};
    consumer second{pool.db};
    pool.db.close();
    CHECK(first.answer().error() == errc::closed);
    CHECK(second.answer().error() == errc::closed);
    CHECK(look(pool.db) == counts{.in_use = 1});
    held.checkin();
    CHECK(pool.at.alive == 0);
}

TEST_CASE("limits that were lowered hold for workers that return, whoever waits for them") {
    POOLY_TEST_UNDER_EVERY_POLICY(by);
    counted_pool pool{3, 1, by};
    auto taken = take(pool.db, 4);
    consumer waiter{pool.db};
    pool.db.resize(1, 1);
    CHECK(look(pool.db) == counts{.in_use = 4, .waiting = 1});
    give_back(taken, 2);
    CHECK(look(pool.db) == counts{.in_use = 2, .waiting = 1});
    CHECK(pool.at.alive == 2);
    give_back(taken, 1);
    auto its = waiter.worker();
    CHECK(look(pool.db) == counts{.in_use = 2});
    its.checkin();
    CHECK(look(pool.db) == counts{.in_use = 1});
    CHECK(pool.at.made == 4);
}

TEST_CASE("limits that were raised serve those who wait first, and then fill the pool") {
    POOLY_TEST_UNDER_EVERY_POLICY(by);
    counted_pool pool{1, 0, by};
    const auto held = pool.db.checkout();
    consumer waiter{pool.db};
    pool.db.resize(3, 0);
    const auto its = waiter.worker();
    CHECK(look(pool.db) == counts{.idle = 1, .in_use = 2});
    CHECK(pool.at.made == 3);
}

TEST_CASE("a worker that was just made is asked for its health like any other, where that is asked always") {
    POOLY_TEST_UNDER_EVERY_POLICY(by);
    auto options = sized(1, 0, by);
    options.check_after_idle = 0s;
    int asked = 0;
    counted_pool pool{options, {.healthy = [&](worker&) { return ++asked > 0; }}};
    for (int uses = 1; uses <= 3; ++uses) {
        pool.db.checkout().checkin();
        CHECK(asked == uses);
    }
}

TEST_CASE("one who does not wait gets the idle worker of a barging pool, though others have waited long before") {
    const auto order = GENERATE(idle_order::lifo, idle_order::fifo, idle_order::affine);
    timed_pool pool{1, 0, {order, fairness_policy::bounded_barging}};
    auto held = pool.db.checkout();
    {
        queued_consumer<worker, hooked_clock> waiter{pool.db};
        hooked_clock::advance(1s);
        held.checkin();
        CHECK(waiter.answer());
    }
    CHECK(look(pool.db) == counts{.idle = 1});
    for (int attempt = 0; attempt < 2; ++attempt) {
        CHECK(on_another_thread([&] { return static_cast<bool>(pool.db.try_checkout()); }));
        CHECK(pool.db.checkout_for(0s));
    }
}
