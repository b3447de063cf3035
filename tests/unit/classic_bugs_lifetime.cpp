// SPDX-License-Identifier: MIT

// Bugs that other pools have shipped, by the numbers of the project's list of them: those of lifetimes and of user code
// run in the wrong place. What each hook may do is in unit/invariants.cpp (I5), races of lifetimes too (I7).
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <memory>
#include <optional>
#include <semaphore>
#include <string>
#include <utility>
#include <vector>

#include <pooly/pooly.hpp>

#include "support/alive_at_exit.hpp"
#include "support/catch.hpp"
#include "support/child_process.hpp"
#include "support/code_of.hpp"
#include "support/gate.hpp"
#include "support/hooked_clock.hpp"
#include "support/waiting.hpp"
#include "support/watched.hpp"
#include "support/worker.hpp"

namespace {

using namespace std::chrono_literals;
using pooly::errc;
using pooly::start_mode;
using pooly::test::alive_at_exit;
using pooly::test::backend;
using pooly::test::elsewhere;
using pooly::test::gate;
using pooly::test::hooked_clock;
using pooly::test::wait_for_waiters;
using pooly::test::wait_until;
using pooly::test::worker;

using worker_pool = pooly::pool<worker>;

}  // namespace

TEST_CASE("classic bug 9: one slow connect stops nobody but its own consumer") {
    std::atomic<int> calls{0};
    std::binary_semaphore at_work{0};
    std::binary_semaphore go_on{0};
    const auto order = GENERATE(pooly::idle_order::affine, pooly::idle_order::lifo, pooly::idle_order::fifo);
    pooly::pool db{[&] {
                       if (++calls == 3) {
                           at_work.release();
                           go_on.acquire();
                       }
                       return calls.load();
                   },
                   {.size = 2, .max_overflow = 2, .order = order}};
    auto a = db.checkout();
    auto b = db.checkout();
    auto slow = elsewhere([&] { return static_cast<bool>(db.try_checkout()); });
    at_work.acquire();
    // All of this in one thread: whatever waits for the factory waits for ever.
    CHECK(db.status().making == 1);
    CHECK(db.holders().size() == 2);
    CHECK(db.stats().created == 2);
    CHECK(*db.checkout() == 4);  // another overflow worker is made meanwhile
    a.checkin();                 // and dismissed, as there are more than two
    b.discard();
    CHECK(db.try_checkout());
    go_on.release();
    CHECK(slow.get());
}

TEST_CASE("classic bug 10: a factory that uses its own pool does not lock itself out") {
    std::optional<pooly::pool<int>> db;
    std::vector<std::error_code> told;
    db.emplace(
        [&] {
            if (db) {
                told.push_back(db->try_checkout().error());
                told.push_back(db->try_checkout_for(1ms).error());
                CHECK(db->status().making == 1);
            }
            return 1;
        },
        pooly::pool_options{.size = 1, .start = start_mode::lazy});
    CHECK(db->try_checkout());
    CHECK(told == std::vector<std::error_code>{errc::full, errc::timeout});
}

TEST_CASE("classic bug 11: a lease may outlive its pool") {
    backend at;
    std::string log;
    pooly::worker_hooks<worker> hooks;
    hooks.retire = [&](worker&) { log += "retire "; };
    hooks.commit = [&](worker&) { log += "commit "; };
    hooks.rollback = [&](worker&) { log += "rollback "; };
    const auto order = GENERATE(pooly::idle_order::affine, pooly::idle_order::lifo, pooly::idle_order::fifo);
    auto db = std::make_unique<worker_pool>([&] { return worker{at}; },
                                            pooly::pool_options{.size = 3, .max_overflow = 1, .order = order}, hooks);
    {
        auto first = db->checkout();
        std::vector<pooly::lease<worker>> later;
        for (int i = 0; i < 2; ++i) later.push_back(db->checkout());
        std::optional open{db->begin()};
        auto moved = std::move(later[1]);
        const auto number = first->number();
        db.reset();  // does not wait for them
        CHECK(at.alive == 4);
        CHECK(log.empty());

        CHECK(first->number() == number);
        CHECK(first.info().uses == 1);
        first.checkin();
        CHECK(at.alive == 3);
        CHECK(log == "retire ");
        log.clear();
        later[0].discard();
        CHECK(at.alive == 2);
        CHECK(log == "retire ");
        log.clear();
        SECTION("as a transaction left open") {
            open.reset();
            CHECK(log == "rollback retire ");
        }
        SECTION("as a transaction that is committed") {
            open->commit();
            open.reset();
            CHECK(log == "commit retire ");
        }
        CHECK(at.alive == 1);
        CHECK(moved);
    }
    CHECK(at.alive == 0);
}

TEST_CASE("classic bug 11: a worker may be taken out of a pool that is gone") {
    pooly::lease<std::unique_ptr<int>> held;
    {
        pooly::pool db{[] { return std::make_unique<int>(7); }, {.size = 2}};
        held = db.checkout();
    }
    CHECK(*held.detach() == 7);
    CHECK_FALSE(held);
}

namespace {

worker_pool& static_pool() {
    static worker_pool db{[] { return worker{alive_at_exit()}; }, {.name = "static", .size = 3, .max_overflow = 2}};
    return db;
}

/// Uses pools for the first and the last time while statics are destroyed.
struct late_user {
    bool borrows_from_static = false;
    ~late_user() {
        if (borrows_from_static) {
            auto held = static_pool().checkout();
            if (!static_pool().try_checkout() || !held) std::_Exit(4);
        }
        worker_pool db{[] { return worker{alive_at_exit()}; }, {.name = "late", .size = 1}};
        auto held = db.checkout();
        if (db.try_checkout_for(1ms).error() != errc::timeout) std::_Exit(5);
        db.close();
    }
};

}  // namespace

// Run by the next test, in a process of its own that has nothing else to do.
TEST_CASE("statics that outlive each other", "[.][dies-with-static-pools]") {
    (void)alive_at_exit();
    static late_user after_the_pool;                         // dies after the pool
    static pooly::lease<worker> outlives_the_pool;           // so does this
    static thread_local pooly::lease<worker> of_the_thread;  // dies first of all
    static_pool();
    static pooly::lease<worker> dies_before_the_pool;
    static late_user before_the_pool{true};
    outlives_the_pool = static_pool().checkout();
    dies_before_the_pool = static_pool().checkout();
    of_the_thread = static_pool().checkout();
    CHECK(alive_at_exit().alive == 3);
}

#if POOLY_TEST_HAS_FORK

#if defined(__linux__)
TEST_CASE("classic bug 12: pools and leases may die with the statics of a program") {
    const auto end = pooly::test::in_child_process([] {
        ::alarm(30);  // a hang is an end as well, and not a good one
        ::execl("/proc/self/exe", "pooly", "[dies-with-static-pools]", nullptr);
        return 98;
    });
    INFO(end.error_text);
    CHECK(end.exited_with(0));
    CHECK_THAT(end.error_text, Catch::Matchers::ContainsSubstring("alive at the very end: 0 of 6"));
}
#endif

// Sanitizers do not survive the fork of a process with threads, as the coarse tick is one: their own locks may be held.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr auto timing = pooly::timing_mode::precise;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
constexpr auto timing = pooly::timing_mode::precise;
#else
constexpr auto timing = pooly::timing_mode::coarse;
#endif
#else
constexpr auto timing = pooly::timing_mode::coarse;
#endif

TEST_CASE("classic bug 24: a forked child neither lends nor touches its parent's workers") {
    backend at;
    std::optional<worker_pool> db{std::in_place, [&] { return worker{at}; },
                                  pooly::pool_options{.size = 3, .timing = timing}};
    std::optional held{db->checkout()};
    auto open = db->checkout();
    const auto end = pooly::test::in_child_process([&] {
        ::alarm(30);
        if (db->try_checkout().error() != errc::closed) return 1;
        try {
            (void)db->checkout();
            return 2;
        } catch (const pooly::pool_error& e) {
            if (e.code() != errc::closed) return 3;
        }
        held.reset();
        open.discard();
        db.reset();
        if (at.alive != 3) return 4;  // closed sockets here would be closed for the parent, too
        worker_pool own{[&] { return worker{at}; }, {.size = 1, .timing = timing}};
        if (!own.try_checkout()) return 5;
        return 0;
    });
    INFO(end.error_text);
    CHECK(end.exited_with(0));
    CHECK(at.alive == 3);
    held.reset();
    CHECK(db->status().idle == 2);
}

TEST_CASE(
    "classic bug 24: in a forked child every verb says closed, or does nothing, and none waits for the parent's lock") {
    backend at;
    pooly::pool<worker, hooked_clock> db{[&] { return worker{at}; }, {.size = 1}};
    const auto held = db.checkout();
    const auto in_child = [&] {
        ::alarm(30);
        if (db.status() != pooly::pool_status{.state = pooly::pool_state::closed}) return 1;
        if (db.stats().created != 0 || !db.holders().empty() || db.options().size != 1) return 2;
        db.suspend();
        db.resume();
        db.restart();
        db.resize(2, 0);
        if (db.drain_for(1h) != 0 || db.prewarm() != 0) return 3;
        if (db.try_checkout().error() != errc::closed || db.try_checkout_for(1h).error() != errc::closed) return 4;
        db.close();
        return at.alive == 1 ? 0 : 5;
    };
    gate at_clock;
    std::atomic<bool> done{false};
    auto other = elsewhere([&] {
        hooked_clock::on_this_thread = [&] { at_clock(); };
        const auto told = pooly::test::code_of([&] { return db.checkout_for(0s); });
        done = true;
        at_clock.at_work.release();
        return told;
    });
    int forks = 0;
    // At some of its looks at the clock the other thread has the lock.
    for (at_clock.at_work.acquire(); !done; at_clock.at_work.acquire()) {
        ++forks;
        const auto end = pooly::test::in_child_process(in_child);
        INFO(end.error_text);
        CHECK(end.exited_with(0));
        at_clock.go_on.release();
    }
    CHECK(other.get() == errc::timeout);
    CHECK(forks > 1);
    CHECK(db.status().in_use == 1);
}

TEST_CASE("classic bug 24: no transaction ends or begins on its parent's worker in a forked child") {
    using pooly::test::code_of;
    std::string said;
    pooly::pool<int> db{[] { return 1; },
                        {.size = 2, .timing = timing},
                        {.begin = [&](int&) { said += "begin "; },
                         .commit = [&](int&) { said += "commit"; },
                         .rollback = [&](int&) { said += "rollback"; }}};
    std::optional open{db.begin()};
    auto lease = db.checkout();
    const auto end = pooly::test::in_child_process([&] {
        if (code_of([&] { open->commit(); }) != errc::closed) return 1;
        if (code_of([&] { open->rollback(); }) != errc::closed) return 2;
        if (code_of([&] { pooly::transaction_guard{std::move(lease)}.commit(); }) != errc::closed) return 3;
        open.reset();
        return said == "begin " ? 0 : 4;
    });
    CHECK(end.exited_with(0));
    open->commit();
    CHECK(said == "begin commit");
}

TEST_CASE("classic bug 24: a watchdog that is worked by hand leaves its parent's workers alone in a forked child") {
    backend at;
    const auto dog = pooly::test::watchdog_by_hand();
    worker_pool db{[&] { return worker{at}; }, {.size = 2, .timing = timing, .max_lifetime = 1min, .watchdog = dog}};
    const auto end = pooly::test::in_child_process([&] {
        ::alarm(30);
        dog->sweep(std::chrono::steady_clock::now() + 1h);
        return at.made == 2 && at.alive == 2 && db.try_checkout().error() == errc::closed ? 0 : 1;
    });
    CHECK(end.exited_with(0));
}

TEST_CASE("classic bug 24: the end of a registry in a forked child waits for nobody who is not there") {
    std::optional<pooly::pool_registry> pools{std::in_place, pooly::test::watchdog_by_hand()};
    for (int i = 0; i < 2'000; ++i)
        pools->add(std::to_string(i), [] { return 1; }, {.size = 0, .max_overflow = 1, .timing = timing});
    std::atomic<bool> done{false};
    std::atomic<int> reading{0};
    std::vector<std::future<void>> readers;  // of whom one or another has its lock nearly always
    for (int i = 0; i < 4; ++i)
        readers.push_back(elsewhere([&] {
            ++reading;
            while (!done) (void)pools->names();
        }));
    wait_until([&] { return reading == 4; });
    for (int i = 0; i < 50; ++i) {
        const auto end = pooly::test::in_child_process([&] {
            ::alarm(30);
            pools.reset();
            return 0;
        });
        CHECK(end.exited_with(0));
    }
    done = true;
    for (auto& each : readers) each.get();
}

#endif

TEST_CASE("classic bug 19: however a lease is moved about, its worker comes home once") {
    backend at;
    worker_pool db{[&] { return worker{at}; }, {.size = 2}};
    const auto idle = [&] { return db.status().idle; };
    auto a = db.checkout();
    SECTION("moved from") {
        auto b = std::move(a);
        CHECK_FALSE(a);  // NOLINT: what is left is the question
        CHECK(a.get() == nullptr);
        a.checkin();
        a.discard();
        CHECK(idle() == 1);
        CHECK(b->number() > 0);
        b.checkin();
    }
    SECTION("moved to itself") {
        auto& same = a;
        a = std::move(same);
        CHECK(a);
        CHECK(idle() == 1);
        CHECK(a->number() > 0);
        a.checkin();
    }
    SECTION("moved over another") {
        auto b = db.checkout();
        const auto number = b->number();
        a = std::move(b);
        CHECK(idle() == 1);
        CHECK(a->number() == number);
        a.checkin();
    }
    SECTION("swapped") {
        auto b = db.checkout();
        const auto number = b->number();
        std::swap(a, b);
        CHECK(a->number() == number);
        CHECK(idle() == 0);
        a.checkin();
        b.checkin();
    }
    SECTION("checked in twice, with another consumer in between") {
        a.checkin();
        std::vector<pooly::lease<worker>> others;
        for (int i = 0; i < 2; ++i) others.push_back(db.checkout());
        a.checkin();
        a.discard();
        CHECK(db.status().in_use == 2);
        others.clear();
    }
    SECTION("checked in and then discarded") {
        a.checkin();
        a.discard();
        CHECK(db.stats().discarded == 0);
    }
    SECTION("discarded and then checked in") {
        a.discard();
        a.checkin();
        CHECK(db.stats().discarded == 1);
    }
    SECTION("as the result it came in") {
        auto result = db.try_checkout();
        auto other = std::move(result);
        CHECK_FALSE(result);  // NOLINT
        auto b = std::move(other).value();
        CHECK_FALSE(other);  // NOLINT
        CHECK(idle() == 0);
        b.checkin();
        a.checkin();
    }
    SECTION("as a transaction") {
        a.checkin();
        auto open = db.begin();
        auto other = std::move(open);
        CHECK(idle() == 1);
        other.commit();
        CHECK_THROWS_AS(open.commit(), std::logic_error);  // NOLINT
        auto& same = other;
        other = std::move(same);
        CHECK(other->number() > 0);
        other = db.begin();
        CHECK(idle() == 1);
        other.rollback();
        CHECK_THROWS_AS(other.rollback(), std::logic_error);
        auto gone = std::move(other);
    }
    CHECK(db.status().in_use == 0);
    CHECK(idle() == 2);
    CHECK(at.alive == 2);
}

TEST_CASE("classic bug 19: what was moved from cannot be detached") {
    pooly::pool db{[] { return 1; }, {.size = 1}};
    auto a = db.checkout();
    auto b = std::move(a);
    CHECK_THROWS_AS((void)a.detach(), std::invalid_argument);  // NOLINT
    CHECK(db.status().in_use == 1);
}
