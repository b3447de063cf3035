// SPDX-License-Identifier: MIT

// The invariants I1 to I10 by name, as far as they need no race of many threads; for those see tests/stress. Those of a
// failing factory (I8) and of arrival order (I3) are also in the classic bugs beside this file.
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <latch>
#include <memory>
#include <optional>
#include <semaphore>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <pooly/pooly.hpp>

#include "support/catch.hpp"
#include "support/check_places.hpp"
#include "support/hooked_clock.hpp"
#include "support/manual_clock.hpp"
#include "support/stop_at_clock.hpp"
#include "support/unsupervised.hpp"
#include "support/waiting.hpp"
#include "support/worker.hpp"

namespace {

using namespace std::chrono_literals;
using pooly::errc;
using pooly::fairness_policy;
using pooly::idle_order;
using pooly::pool_options;
using pooly::start_mode;
using pooly::test::backend;
using pooly::test::check_places;
using pooly::test::elsewhere;
using pooly::test::hooked_clock;
using pooly::test::manual_clock;
using pooly::test::stop_at_clock;
using pooly::test::unsupervised;
using pooly::test::wait_for_waiters;
using pooly::test::wait_until;
using pooly::test::worker;

[[nodiscard]] std::string text_of(idle_order order, fairness_policy fairness) {
    const std::array orders{"affine", "lifo", "fifo"};
    return std::string{orders.at(static_cast<std::size_t>(order))} +
           (fairness == fairness_policy::strict_fifo ? ", strict" : ", barging");
}

}  // namespace

TEST_CASE("I1: a place whose worker is being made, checked or destroyed is taken") {
    backend at;
    std::atomic<bool> stops{false};
    std::binary_semaphore here{0};
    std::binary_semaphore go_on{0};
    const auto stop = [&] {
        if (!stops.exchange(false)) return;
        here.release();
        go_on.acquire();
    };
    pooly::worker_hooks<worker> hooks;
    hooks.healthy = [&](worker& one) { return stop(), !one.dead; };
    hooks.retire = [&](worker&) { stop(); };
    pooly::pool<worker> db{
        [&] { return stop(), worker{at}; },
        {.size = 1, .max_overflow = 1, .timing = pooly::timing_mode::precise, .check_after_idle = 0ns},
        hooks};
    db.resize(1, 2);
    db.resize(1, 1);  // more slots than places, so that the count alone keeps others from making a third
    auto other = db.checkout();
    pooly::lease<worker> doomed;
    std::future<void> user;
    SECTION("made") {
        stops = true;
        user = elsewhere([&] { (void)db.try_checkout(); });
        here.acquire();
        CHECK(db.status().making == 1);
    }
    SECTION("checked") {
        db.resize(2, 0);
        stops = true;
        user = elsewhere([&] { (void)db.try_checkout(); });
        here.acquire();
        CHECK(db.status().checking == 1);
    }
    SECTION("destroyed") {
        doomed = db.checkout();
        stops = true;
        user = elsewhere([&] { doomed.discard(); });
        here.acquire();
        CHECK(db.status().retiring == 1);
    }
    const auto seen = db.status();
    CHECK(seen.live == 2);
    CHECK(seen.idle + seen.in_use + seen.making + seen.checking + seen.retiring == seen.live);
    CHECK(seen.state == pooly::pool_state::full);
    CHECK(db.try_checkout().error() == errc::full);
    CHECK(at.alive <= 2);
    go_on.release();
    user.get();
    other.checkin();
    check_places(db, 2);
}

TEST_CASE("I4, classic bug 4: one whose time is up as it is chosen loses no worker") {
    const auto order = GENERATE(idle_order::affine, idle_order::lifo, idle_order::fifo);
    const auto fairness = GENERATE(fairness_policy::strict_fifo, fairness_policy::bounded_barging);
    INFO(text_of(order, fairness));
    pooly::pool<int, hooked_clock> db{[] { return 1; }, {.size = 1, .order = order, .fairness = fairness}};
    auto held = db.checkout();
    stop_at_clock place;
    std::stop_source stop;
    const bool by_deadline = GENERATE(true, false);
    const bool another_waits = GENERATE(true, false);
    CAPTURE(by_deadline, another_waits);
    auto waiter = elsewhere([&] {
        place.put_here();
        return db.try_checkout_for(1s, stop.get_token()).error();  // and given back at once
    });
    wait_for_waiters(db, 1);
    std::future<bool> next;
    if (another_waits) {
        next = elsewhere([&] { return static_cast<bool>(db.try_checkout_for(1h)); });
        wait_for_waiters(db, 2);
    }
    place.await();
    auto returner = elsewhere([&] { held.checkin(); });
    // Chosen now, or with barging pointed to the idle worker; and not told.
    wait_until([&] {
        const auto seen = db.status();
        return seen.waiting == (another_waits ? 1U : 0U) || seen.idle == 1;
    });
    std::future<bool> stopper;
    if (by_deadline)
        hooked_clock::advance(1s);
    else
        stopper = elsewhere([&] { return stop.request_stop(); });
    place.go_on();
    returner.get();
    if (stopper.valid()) CHECK(stopper.get());
    const auto told = waiter.get();
    CHECK((!told || told == (by_deadline ? errc::timeout : errc::cancelled)));
    if (another_waits) CHECK(next.get());
    const auto seen = db.status();
    CHECK(seen.waiting == 0);
    CHECK(seen.idle == 1);
    CHECK(seen.live == 1);
    check_places(db, 1);
}

TEST_CASE("I4, classic bug 4: one that was chosen waits until it is told, whatever it is asked meanwhile") {
    // Two waiters are chosen at once and told one after the other. The first cannot be told, so the second is stopped
    // in between for as long as we like.
    const auto order = GENERATE(idle_order::affine, idle_order::lifo, idle_order::fifo);
    INFO(text_of(order, fairness_policy::strict_fifo));
    backend at;
    pooly::pool<worker, hooked_clock> db{[&] { return worker{at}; },
                                         {.size = 1, .start = start_mode::lazy, .order = order}};
    auto held = db.checkout();
    stop_at_clock place;
    auto first = elsewhere([&] {
        place.put_here();
        return db.checkout_for(1h)->number();
    });
    wait_for_waiters(db, 1);
    std::stop_source stop;
    auto second = elsewhere([&] { return db.try_checkout_for(1s, stop.get_token()).error(); });
    wait_for_waiters(db, 2);
    place.await();
    auto operator_ = elsewhere([&] { db.resize(3, 0); });
    wait_for_waiters(db, 0);
    // Five milliseconds to go wrong in; one that is right needs none of them.
    SECTION("its time is up") {
        hooked_clock::advance(1s);
        CHECK(second.wait_for(5ms) != std::future_status::ready);  // or who is to tell it would find it gone
        place.go_on();
        CHECK(second.get() == errc::timeout);
    }
    SECTION("it is asked to stop") {
        CHECK(stop.request_stop());
        CHECK(second.wait_for(5ms) != std::future_status::ready);
        place.go_on();
        CHECK(second.get() == errc::cancelled);
    }
    SECTION("the pool is closed") {
        db.close();
        place.go_on();
        CHECK(second.get() == errc::closed);
        CHECK_THROWS_AS(first.get(), pooly::pool_error);
        operator_.get();
        held.checkin();
        CHECK(at.alive == 0);
        return;
    }
    CHECK(first.get() == 2);
    operator_.get();
    held.checkin();
    check_places(db, 3);
}

TEST_CASE("I1, rule 8: with barging, too, a surplus worker that nobody takes is dismissed") {
    const auto order = GENERATE(idle_order::affine, idle_order::lifo, idle_order::fifo);
    backend at;
    pooly::pool<worker, hooked_clock> db{
        [&] { return worker{at}; },
        {.size = 1, .max_overflow = 1, .order = order, .fairness = fairness_policy::bounded_barging}};
    auto first = db.checkout();
    auto second = db.checkout();
    stop_at_clock place;
    std::binary_semaphore holds{0};
    std::binary_semaphore done{0};
    auto waiter = elsewhere([&] {
        place.put_here();
        auto got = db.checkout_for(1h);
        holds.release();
        done.acquire();
    });
    wait_for_waiters(db);
    place.await();
    // Both come back before the one who waits can take either.
    auto returner = elsewhere([&] { first.checkin(); });
    wait_until([&] { return db.status().idle == 1; });
    second.checkin();
    place.go_on();
    holds.acquire();
    wait_until([&] { return db.status().retiring == 0; });
    const auto seen = db.status();
    CHECK(seen.in_use == 1);
    CHECK(seen.idle == 0);
    CHECK(seen.overflow == 0);
    done.release();
    waiter.get();
    returner.get();
    CHECK(db.status().idle == 1);
}

TEST_CASE("I4: one that gives up leaves the queue from any place in it") {
    const auto fairness = GENERATE(fairness_policy::strict_fifo, fairness_policy::bounded_barging);
    pooly::pool db{[] { return 1; }, {.size = 1, .fairness = fairness}};
    auto held = db.checkout();
    std::array<std::stop_source, 4> stop;
    std::vector<std::future<std::error_code>> waiters;
    for (std::size_t i = 0; i < stop.size(); ++i) {
        waiters.push_back(elsewhere([&, i] { return db.try_checkout_for(1h, stop[i].get_token()).error(); }));
        wait_for_waiters(db, i + 1);
    }
    const auto gives_up = GENERATE(std::vector<std::size_t>{1, 2, 0}, std::vector<std::size_t>{3, 0, 1},
                                   std::vector<std::size_t>{0, 3, 2}, std::vector<std::size_t>{2, 1, 3});
    std::size_t waiting = 4;
    for (const auto i : gives_up) {
        stop[i].request_stop();
        CHECK(waiters[i].get() == errc::cancelled);
        CHECK(db.status().waiting == --waiting);
    }
    held.checkin();
    for (auto& one : waiters)
        if (one.valid()) CHECK_FALSE(one.get());
    CHECK(db.status().idle == 1);
}

// I5. Each kind of user code is a way into the pool: "enter" makes it run once, in the thread that calls it.
// ------------
namespace {

/// A worker whose every contact with the pool runs `on_contact` with its name.
class contact_pool {
public:
    struct touchy {
        contact_pool* in;
        explicit touchy(contact_pool& owner) : in{&owner} {}
        touchy(const touchy&) = delete;
        touchy& operator=(const touchy&) = delete;
        ~touchy() { in->contact("~T"); }
    };

    explicit contact_pool(pool_options options = {}) : db_{open(*this, unsupervised(std::move(options)))} {}

    [[nodiscard]] pooly::pool<touchy>& db() noexcept { return *db_; }

    /// Does what runs this code; the pool has a worker idle and is as before, or a worker poorer, afterwards.
    void enter(const std::string& name) {
        if (name == "factory") {
            std::vector<pooly::lease<touchy>> all;
            while (db().status().idle > 0) all.push_back(db().checkout());
            all.push_back(db().checkout());  // an overflow worker
        } else if (name == "healthy" || name == "reset") {
            (void)db().try_checkout();
        } else if (name == "retire" || name == "~T") {
            auto one = db().checkout();
            one.discard();
        } else if (name == "begin" || name == "commit") {
            db().transaction([](touchy&) {});
        } else if (name == "rollback") {
            auto left_open = db().begin();
        }
    }

    /// What runs at the first contact of this name; afterwards nothing does.
    void at_first(std::string name, std::function<void()> what) {
        what_ = std::move(what);
        name_ = std::move(name);
        armed_ = true;
    }

private:
    static std::unique_ptr<pooly::pool<touchy>> open(contact_pool& self, pool_options options) {
        pooly::worker_hooks<touchy> hooks;
        hooks.healthy = [&self](touchy&) { return self.contact("healthy"), true; };
        hooks.reset = [&self](touchy&) { self.contact("reset"); };
        hooks.retire = [&self](touchy&) { self.contact("retire"); };
        hooks.begin = [&self](touchy&) { self.contact("begin"); };
        hooks.commit = [&self](touchy&) { self.contact("commit"); };
        hooks.rollback = [&self](touchy&) { self.contact("rollback"); };
        options.check_after_idle = 0ns;
        options.timing = pooly::timing_mode::precise;
        return std::make_unique<pooly::pool<touchy>>([&self] { return self.contact("factory"), touchy{self}; }, options,
                                                     hooks);
    }

    void contact(const std::string& name) {
        if (!armed_ || name != name_ || !armed_.exchange(false)) return;
        what_();
    }

    std::atomic<bool> armed_{false};
    std::string name_;
    std::function<void()> what_;
    std::unique_ptr<pooly::pool<touchy>> db_;
};

const std::array contacts{"factory", "healthy", "reset", "retire", "begin", "commit", "rollback", "~T"};

}  // namespace

TEST_CASE("I5, classic bug 10: factory, hooks and destructors may each call every verb of their pool") {
    const auto order = GENERATE(idle_order::affine, idle_order::lifo);
    for (const std::string name : contacts) {
        DYNAMIC_SECTION(name << ", " << text_of(order, fairness_policy::strict_fifo)) {
            contact_pool test{{.size = 2, .max_overflow = 2, .order = order}};
            auto& db = test.db();
            bool ran = false;
            test.at_first(name, [&] {
                ran = true;
                (void)db.status();
                (void)db.stats();
                (void)db.holders();
                (void)db.options();
                (void)db.try_checkout();
                (void)db.try_checkout_for(1ms);
                (void)db.checkout();
                db.transaction([](auto&) {});
                db.suspend();
                db.resume();
                (void)db.drain_for(0s);
                db.resize(3, 3);
                db.resize(2, 2);
                (void)db.prewarm();
                db.restart();
            });
            test.enter(name);
            CHECK(ran);
            CHECK(db.status().in_use == 0);
            check_places(db, 4);
            bool closed = false;
            test.at_first(name, [&] {
                closed = true;
                db.close();
            });
            try {
                test.enter(name);
            } catch (const pooly::pool_error& e) {
                CHECK(e.code() == errc::closed);
            }
            CHECK(closed);
            CHECK(db.status().live == 0);
        }
    }
}

TEST_CASE("I5, classic bug 9: user code that blocks costs its own thread, and nobody else's") {
    const auto order = GENERATE(idle_order::affine, idle_order::lifo, idle_order::fifo);
    for (const std::string name : contacts) {
        DYNAMIC_SECTION(name << ", " << text_of(order, fairness_policy::strict_fifo)) {
            contact_pool test{{.size = 3, .max_overflow = 1, .order = order}};
            auto& db = test.db();
            std::binary_semaphore inside{0};
            std::binary_semaphore go_on{0};
            auto one = db.checkout();
            test.at_first(name, [&] {
                inside.release();
                go_on.acquire();
            });
            auto blocked = elsewhere([&] { test.enter(name); });
            inside.acquire();
            // All of this in one thread: whatever waits for the one inside waits for ever.
            (void)db.status();
            (void)db.stats();
            (void)db.holders();
            one.checkin();
            {
                auto a = db.try_checkout();
                CHECK(a);
                db.suspend();
                CHECK(db.try_checkout().error() == errc::suspended);
                db.resume();
                std::vector<pooly::lease<contact_pool::touchy>> all;
                while (auto more = db.try_checkout()) all.push_back(std::move(more).value());
                auto waiter = elsewhere([&] { return static_cast<bool>(db.try_checkout_for(1h)); });
                wait_for_waiters(db);
                (void)std::move(a).value();
                CHECK(waiter.get());
            }
            db.transaction([](auto&) {});
            db.resize(3, 2);
            CHECK(db.drain_for(0s) <= 3);
            db.restart();
            db.close();
            CHECK(db.try_checkout().error() == errc::closed);
            go_on.release();
            try {
                blocked.get();
            } catch (const pooly::pool_error& e) {
                CHECK(e.code() == errc::closed);
            }
            CHECK(db.status().live == 0);
        }
    }
}

TEST_CASE("I5: the exception of a factory, too, may use the pool when it dies") {
    // The pool keeps the last one, and lets go of it when the next comes.
    struct failure : std::runtime_error {
        explicit failure(std::function<void()> last_act)
            : std::runtime_error{"no"}, dying{new int{0}, [act = std::move(last_act)](int* it) { delete it, act(); }} {}
        std::shared_ptr<int> dying;
    };
    int seen = 0;
    bool over = false;  // the last exception dies with the pool
    std::optional<pooly::pool<int>> db;
    const auto look = [&] {
        if (!over) seen += static_cast<int>(db->status().live) + 1;
    };
    db.emplace([&]() -> int { throw failure{look}; }, unsupervised(pool_options{.size = 1, .start = start_mode::lazy}));
    for (int i = 0; i < 3; ++i) CHECK(db->try_checkout().error() == errc::create_failed);
    CHECK(seen >= 2);
    over = true;
}

TEST_CASE("I6: nobody waits for ever by default") {
    pooly::pool<int, manual_clock> db{[] { return 1; }, {.size = 1}};
    CHECK(db.options().checkout_timeout == 5s);
    auto held = db.checkout();
    std::vector<std::future<bool>> waiters;
    const auto times_out = [&](auto ask) {
        waiters.push_back(elsewhere([&db, ask] {
            try {
                ask(db);
            } catch (const pooly::pool_error& e) {
                return e.code() == errc::timeout;
            }
            return false;
        }));
    };
    times_out([](auto& from) { (void)from.checkout(); });
    times_out([](auto& from) { (void)from.checkout(std::stop_token{}); });
    times_out([](auto& from) { (void)from.begin(); });
    times_out([](auto& from) { from.transaction([](int&) {}); });
    wait_for_waiters(db, 4);
    manual_clock::advance(5s);
    for (auto& one : waiters) CHECK(one.get());
}

TEST_CASE("I6: a waiter under constant traffic ends by its deadline") {
    const auto order = GENERATE(idle_order::affine, idle_order::lifo, idle_order::fifo);
    const auto fairness = GENERATE(fairness_policy::strict_fifo, fairness_policy::bounded_barging);
    INFO(text_of(order, fairness));
    pooly::pool<int, manual_clock> db{[] { return 1; }, {.size = 2, .order = order, .fairness = fairness}};
    auto kept = db.checkout();
    auto also_kept = db.checkout();
    auto waiter = elsewhere([&] { return db.try_checkout_for(1s).error(); });
    wait_for_waiters(db);
    // Comings and goings that do not concern it: tries, other waiters that give up, an operator.
    for (int i = 0; i < 20; ++i) {
        manual_clock::advance(49ms);
        CHECK(db.try_checkout().error() == errc::full);
        CHECK(db.try_checkout_for(0s).error() == errc::timeout);
        db.suspend();
        db.resume();
        db.resize(2, 0);
        CHECK(db.drain_for(0s) == 2);
        auto other = elsewhere([&] { return db.try_checkout_for(1ms).error(); });
        wait_for_waiters(db, 2);
        manual_clock::advance(1ms);
        CHECK(other.get() == errc::timeout);
        if (i < 19) CHECK(db.status().waiting == 1);
    }
    CHECK(waiter.get() == errc::timeout);
}

TEST_CASE("I6: a drain ends by its deadline") {
    pooly::pool<int, manual_clock> db{[] { return 1; }, {.size = 2}};
    auto held = db.checkout();
    auto also_held = db.checkout();
    auto draining = elsewhere([&] { return db.drain_for(10s); });
    wait_until([&] { return db.status().state == pooly::pool_state::suspended; });
    also_held.checkin();
    manual_clock::advance(10s);
    CHECK(draining.get() == 1);
    CHECK(db.try_checkout());
}

TEST_CASE("I6: a drain ends when nothing is out any more, however the last one went") {
    std::binary_semaphore asked{0};
    std::binary_semaphore answer{0};
    pooly::worker_hooks<int> hooks;
    hooks.healthy = [&](int&) { return asked.release(), answer.acquire(), false; };
    hooks.reset = [](int& one) {
        if (one < 0) throw std::runtime_error{"cannot be cleaned"};
    };
    pooly::pool db{
        [] { return 1; }, {.size = 1, .timing = pooly::timing_mode::precise, .check_after_idle = 0ns}, hooks};
    // On another thread, until it is seen to wait.
    const auto drain = [&] {
        auto draining = elsewhere([&] { return db.drain_for(1h); });
        wait_until([&] {
            const auto state = db.status().state;
            return state == pooly::pool_state::suspended || state == pooly::pool_state::closed;
        });
        return draining;
    };
    SECTION("found dead, in a closed pool") {
        auto last = elsewhere([&] { return db.try_checkout().error(); });
        asked.acquire();
        auto draining = drain();
        db.close();
        answer.release();
        CHECK(last.get() == errc::closed);
        CHECK(draining.get() == 0);
    }
    SECTION("checked in, discarded, detached or not to be cleaned") {
        pooly::lease<int> held;
        {
            db.resize(1, 1);
            auto first = elsewhere([&] { return static_cast<bool>(db.try_checkout()); });
            asked.acquire();
            held = db.checkout();  // an overflow worker, made now and asked nothing
            answer.release();
            CHECK(first.get());
        }
        auto draining = drain();
        const auto how = GENERATE(0, 1, 2, 3);
        if (how == 0) held.checkin();
        if (how == 1) held.discard();
        if (how == 2) CHECK(held.detach() == 1);
        if (how == 3) *held = -1, held.checkin();
        CHECK(draining.get() == 0);
    }
}

TEST_CASE("I7: a pool may die while a consumer makes or checks a worker, and leaves nothing behind") {
    const std::string name = GENERATE("factory", "healthy");
    const bool well = GENERATE(true, false);
    INFO(name << (well ? ", well" : ", dead"));
    std::binary_semaphore here{0};
    std::binary_semaphore go_on{0};
    backend at;
    auto owned_by_core = std::make_shared<int>(0);
    pooly::worker_hooks<worker> hooks;
    hooks.healthy = [&](worker&) { return here.release(), go_on.acquire(), well; };
    auto db = std::make_unique<pooly::pool<worker>>(
        [&, owned_by_core] {
            if (name == "factory") {
                here.release();
                go_on.acquire();
                if (!well) throw std::runtime_error{"no"};
            }
            return worker{at};
        },
        pool_options{.size = 1,
                     .start = name == "factory" ? start_mode::lazy : start_mode::eager,
                     .timing = pooly::timing_mode::precise,
                     .check_after_idle = 0ns},
        hooks);
    auto asker = elsewhere([&from = *db] { return from.try_checkout().error(); });
    here.acquire();
    db.reset();  // does not wait for it
    go_on.release();
    const auto told = asker.get();
    if (name == "factory" && well) CHECK(told == errc::closed);
    CHECK(at.alive == 0);
    CHECK(owned_by_core.use_count() == 1);
}

TEST_CASE("I7: a pool that dies tells those who wait in it and is not touched by them") {
    const auto order = GENERATE(idle_order::affine, idle_order::lifo, idle_order::fifo);
    const auto fairness = GENERATE(fairness_policy::strict_fifo, fairness_policy::bounded_barging);
    INFO(text_of(order, fairness));
    for (int round = 0; round < 20; ++round) {
        backend at;
        auto db = std::make_unique<pooly::pool<worker>>(
            [&] { return worker{at}; },
            pool_options{.name = "short-lived", .size = 1, .order = order, .fairness = fairness});
        std::stop_source stop;
        auto held = db->checkout();
        std::vector<std::future<std::string>> waiters;
        for (unsigned i = 0; i < 3; ++i)
            waiters.push_back(elsewhere([&from = *db, &stop, i]() -> std::string {
                try {
                    if (i == 0) return from.try_checkout_for(1h).error().message();
                    if (i == 1) return from.try_checkout_for(1h, stop.get_token()).error().message();
                    (void)from.checkout_for(1h);
                } catch (const pooly::pool_error& e) {
                    return e.code() == errc::closed ? e.what() : "not closed";
                }
                return "served";
            }));
        wait_for_waiters(*db, 3);
        auto stopper = elsewhere([&] { return stop.request_stop(); });
        const bool lease_is_last = round % 2 == 0;
        if (!lease_is_last) held.checkin();
        db.reset();
        std::vector<std::string> told;
        for (auto& one : waiters) told.push_back(one.get());
        stopper.get();
        if (lease_is_last) {
            CHECK(told[0] == make_error_code(errc::closed).message());
            CHECK((told[1] == told[0] || told[1] == make_error_code(errc::cancelled).message()));
            CHECK_THAT(told[2], Catch::Matchers::ContainsSubstring("'short-lived'"));
            CHECK(at.alive == 1);
            held.checkin();
        }
        CHECK(at.alive == 0);
    }
}

TEST_CASE("I7: a pool may die while others check in") {
    const auto order = GENERATE(idle_order::affine, idle_order::lifo);
    const auto overflow = GENERATE(0U, 4U);
    for (int round = 0; round < 200; ++round) {
        backend at;
        auto db = std::make_unique<pooly::pool<worker>>(
            [&] { return worker{at}; }, pool_options{.size = 4 - overflow, .max_overflow = overflow, .order = order});
        std::latch ready{3};
        std::vector<std::future<void>> users;
        for (int i = 0; i < 2; ++i)
            users.push_back(elsewhere([&, one = db->checkout(), other = db->checkout(), i]() mutable {
                ready.arrive_and_wait();
                one.checkin();
                if (i == 0) other.discard();
            }));
        ready.arrive_and_wait();
        db.reset();
        for (auto& one : users) one.get();
        users.clear();  // with the leases that were left
        CHECK(at.alive == 0);
    }
}

TEST_CASE("I7: many pools come and go with late leases, and none is taken for another") {
    std::atomic<int> wrong{0};
    std::atomic<int> alive{0};
    struct named {
        std::atomic<int>* count;
        int owner;
        named(std::atomic<int>& all, int of) : count{&all}, owner{of} { ++all; }
        named(const named&) = delete;
        named& operator=(const named&) = delete;
        ~named() { --*count; }
    };
    std::vector<std::future<void>> users;
    for (int thread = 0; thread < 4; ++thread)
        users.push_back(elsewhere([&, thread] {
            std::array<pooly::lease<named>, 5> late;
            std::array<int, 5> owner{};
            for (int round = 0; round < 150; ++round) {
                const auto at = static_cast<std::size_t>(round) % late.size();
                const int mark = thread * 1000 + round;
                pooly::pool<named> db{[&, mark] { return named{alive, mark}; }, {.size = 2, .max_overflow = 1}};
                {
                    auto a = db.checkout();
                    auto b = db.checkout();
                    if (a->owner != mark || b->owner != mark) ++wrong;
                    auto c = db.checkout();
                    std::swap(late[at], round % 3 == 0 ? a : c);  // one of an earlier pool comes home here
                }
                const int was = std::exchange(owner[at], mark);
                (void)was;
                for (std::size_t i = 0; i < late.size(); ++i)
                    if (late[i] && late[i]->owner != owner[i]) ++wrong;
                const auto seen = db.status();
                if (seen.in_use != 1 || seen.live > 3) ++wrong;
            }
        }));
    for (auto& one : users) one.get();
    users.clear();
    CHECK(wrong == 0);
    CHECK(alive == 0);
}

TEST_CASE("I7: one who comes late to a pool that is gone does nothing to the pool that took its control block") {
    // What a check-in does last, when its worker is anybody's and the pool may have died and been followed by another.
    namespace detail = pooly::detail;
    detail::control_block* block = nullptr;
    std::uint64_t of_the_dead = 0;
    {
        detail::control_handle stay;
        block = &*stay;
        of_the_dead = stay->pool_id;
    }
    pooly::pool db{[] { return 1; }, {.size = 2}};
    db.restart();  // a worker of its first generation would have to go
    REQUIRE(block->core != nullptr);
    REQUIRE(block->pool_id != of_the_dead);
    const auto before = db.status();
    detail::slot place;
    const auto word = detail::word_of(GENERATE(detail::slot_phase::idle, detail::slot_phase::stale));
    place.word = word;
    detail::look_after_return(*block, of_the_dead, place);
    CHECK(place.word == word);
    CHECK(db.status() == before);
    check_places(db, 2);
}

TEST_CASE("I8: a place without a worker is tried again by whoever asks, once each") {
    backend at;
    pooly::pool<worker> db{[&] { return worker{at}; }, unsupervised({.size = 2})};
    auto held = db.checkout();
    at.down = true;
    held.discard();
    CHECK(at.refused == 1);
    auto other = db.checkout();
    CHECK(at.refused == 1);
    for (int i = 2; i < 6; ++i) {
        CHECK(db.try_checkout_for(1h).error() == errc::create_failed);
        CHECK(at.refused == i);
    }
    at.down = false;
    check_places(db, 1);
    other.checkin();
    check_places(db, 2);
}

TEST_CASE("I8: while the factory fails each waiter is told by its own failure, and none is left behind") {
    backend at;
    pooly::pool<worker> db{[&] { return worker{at}; }, unsupervised({.size = 1})};
    auto held = db.checkout();
    std::vector<std::future<std::error_code>> waiters;
    for (std::size_t i = 1; i < 4; ++i) {
        waiters.push_back(elsewhere([&] { return db.try_checkout_for(1h).error(); }));
        wait_for_waiters(db, i);
    }
    at.down = true;
    held.discard();
    for (auto& one : waiters) CHECK(one.get() == errc::create_failed);
    CHECK(at.refused >= 3);
    CHECK(at.refused <= 4);  // and the one who discarded may have tried when nobody waited any more
    at.down = false;
    check_places(db, 1);
}

TEST_CASE("I9: after close no verb blocks, and no worker appears") {
    const auto order = GENERATE(idle_order::affine, idle_order::lifo, idle_order::fifo);
    const auto start = GENERATE(start_mode::eager, start_mode::lazy);
    const auto fairness = GENERATE(fairness_policy::strict_fifo, fairness_policy::bounded_barging);
    backend at;
    pooly::pool<worker> db{[&] { return worker{at}; },
                           {.size = 2,
                            .max_overflow = 2,
                            .start = start,
                            .checkout_timeout = std::chrono::nanoseconds::max(),
                            .order = order,
                            .fairness = fairness}};
    auto held = db.checkout();
    auto doomed = db.checkout();
    db.close();
    const int made = at.made;
    CHECK(at.alive == 2);
    const auto closed = [](auto&& ask) {
        try {
            ask();
        } catch (const pooly::pool_error& e) {
            return e.code() == errc::closed;
        }
        return false;
    };
    const std::stop_token never;
    const auto later = std::chrono::steady_clock::now() + 1h;
    CHECK(db.try_checkout().error() == errc::closed);
    CHECK(db.try_checkout_for(1h).error() == errc::closed);
    CHECK(db.try_checkout_for(1h, never).error() == errc::closed);
    CHECK(db.try_checkout_until(later).error() == errc::closed);
    CHECK(db.try_checkout_until(later, never).error() == errc::closed);
    CHECK(closed([&] { (void)db.checkout(); }));
    CHECK(closed([&] { (void)db.checkout(never); }));
    CHECK(closed([&] { (void)db.checkout_for(1h); }));
    CHECK(closed([&] { (void)db.checkout_for(1h, never); }));
    CHECK(closed([&] { (void)db.checkout_until(later); }));
    CHECK(closed([&] { (void)db.checkout_until(later, never); }));
    CHECK(closed([&] { db.transaction([](worker&) {}); }));
    CHECK(closed([&] { db.transaction([](worker&) {}, 1h); }));
    CHECK(closed([&] { (void)db.begin(); }));
    CHECK(closed([&] { (void)db.begin_for(1h); }));
    db.close();
    db.suspend();
    CHECK(db.try_checkout().error() == errc::closed);
    CHECK(db.status().state == pooly::pool_state::closed);
    db.resume();
    CHECK_NOTHROW(db.restart());
    CHECK_NOTHROW(db.resize(4, 4));
    CHECK(db.prewarm() == 0);
    CHECK(db.drain_for(0s) == 2);
    doomed.discard();
    CHECK(at.alive == 1);
    held.checkin();
    CHECK(at.alive == 0);
    CHECK(db.drain_for(1h) == 0);
    CHECK(db.try_checkout().error() == errc::closed);
    CHECK(at.made == made);
    const auto seen = db.status();
    CHECK(seen.live == 0);
    CHECK(seen.waiting == 0);
    CHECK(seen.state == pooly::pool_state::closed);
    CHECK(db.holders().empty());
}

TEST_CASE("I9: close ends every wait, of whatever kind") {
    const auto fairness = GENERATE(fairness_policy::strict_fifo, fairness_policy::bounded_barging);
    const bool suspended = GENERATE(true, false);
    pooly::pool db{[] { return 1; },
                   {.size = 1, .checkout_timeout = std::chrono::nanoseconds::max(), .fairness = fairness}};
    auto held = db.checkout();
    if (suspended) {
        held.checkin();
        db.suspend();
    }
    std::vector<std::future<bool>> waiters;
    const auto closed = [&](auto ask) {
        waiters.push_back(elsewhere([&db, ask] {
            try {
                ask(db);
            } catch (const pooly::pool_error& e) {
                return e.code() == errc::closed;
            }
            return false;
        }));
        wait_for_waiters(db, waiters.size());
    };
    closed([](auto& from) { (void)from.checkout(); });
    closed([](auto& from) { (void)from.checkout(std::stop_token{}); });
    closed([](auto& from) { (void)from.begin(); });
    closed([](auto& from) { from.transaction([](int&) {}); });
    closed([](auto& from) { (void)from.try_checkout_for(1h).value(); });
    db.close();
    for (auto& one : waiters) CHECK(one.get());
}

TEST_CASE("I9: a worker that is being made when the pool is closed does not appear") {
    backend at;
    std::binary_semaphore at_work{0};
    std::binary_semaphore go_on{0};
    pooly::pool<worker> db{[&] { return at_work.release(), go_on.acquire(), worker{at}; },
                           {.size = 2, .start = start_mode::lazy}};
    SECTION("for a consumer") {
        auto asker = elsewhere([&] { return db.try_checkout_for(1h).error(); });
        at_work.acquire();
        db.close();
        go_on.release();
        CHECK(asker.get() == errc::closed);
    }
    SECTION("ahead of demand") {
        auto asker = elsewhere([&] { return db.prewarm(); });
        at_work.acquire();
        db.close();
        go_on.release();
        CHECK(asker.get() <= 1);
    }
    SECTION("instead of a broken one") {
        go_on.release();
        auto one = db.checkout();
        at_work.acquire();
        auto asker = elsewhere([&] { one.discard(); });
        at_work.acquire();
        db.close();
        go_on.release();
        asker.get();
    }
    CHECK(at.alive == 0);
    CHECK(db.status().live == 0);
}
