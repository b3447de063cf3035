// SPDX-License-Identifier: MIT

// Classic bug 18: every two public functions of a pool at the same time, for the thread sanitizer to look at.
#include <array>
#include <atomic>
#include <chrono>
#include <exception>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include <pooly/pooly.hpp>

#include "support/catch.hpp"
#include "support/hang_guard.hpp"
#include "support/unsupervised.hpp"
#include "support/worker.hpp"

namespace {

using namespace std::chrono_literals;
using pooly::test::backend;
using pooly::test::hang_guard;
using pooly::test::worker;
using worker_pool = pooly::pool<worker>;

struct verb {
    const char* name;
    void (*act)(worker_pool&);
};

const std::array verbs{
    verb{"checkout", [](worker_pool& db) { (void)db.checkout(); }},
    verb{"checkout, stoppable", [](worker_pool& db) { (void)db.checkout(std::stop_token{}); }},
    verb{"checkout_for", [](worker_pool& db) { (void)db.checkout_for(1ms); }},
    verb{"checkout_for, stoppable", [](worker_pool& db) { (void)db.checkout_for(1ms, std::stop_token{}); }},
    verb{"checkout_until",
         [](worker_pool& db) { (void)db.checkout_until(worker_pool::clock::now() + std::chrono::milliseconds{1}); }},
    verb{"try_checkout", [](worker_pool& db) { (void)db.try_checkout(); }},
    verb{"try_checkout_for", [](worker_pool& db) { (void)db.try_checkout_for(100us); }},
    verb{"try_checkout_until", [](worker_pool& db) { (void)db.try_checkout_until(worker_pool::time_point{}); }},
    verb{"stopped while waiting",
         [](worker_pool& db) {
             std::stop_source stop;
             stop.request_stop();
             (void)db.try_checkout_for(1s, stop.get_token());
         }},
    verb{"look at a lease",
         [](worker_pool& db) {
             auto one = db.checkout_for(1ms);
             one->dirty = !one->dirty;
             if (one.info().uses == 0 || one.info().id == 0) one->dirty = false;
         }},
    verb{"discard", [](worker_pool& db) { db.checkout_for(1ms).discard(); }},
    verb{"transaction", [](worker_pool& db) { db.transaction([](worker& one) { one.dirty = true; }); }},
    verb{"transaction that throws", [](worker_pool& db) { db.transaction([](worker&) { throw 1; }, 1ms); }},
    verb{"begin, commit", [](worker_pool& db) { db.begin().commit(); }},
    verb{"begin, rollback", [](worker_pool& db) { db.begin_for(1ms).rollback(); }},
    verb{"drain_for", [](worker_pool& db) { (void)db.drain_for(100us); }},
    verb{"restart", [](worker_pool& db) { db.restart(); }},
    verb{"suspend, resume", [](worker_pool& db) { db.suspend(), db.resume(); }},
    verb{"resize up", [](worker_pool& db) { db.resize(3, 2); }},
    verb{"resize down", [](worker_pool& db) { db.resize(1, 0); }},
    verb{"prewarm", [](worker_pool& db) { (void)db.prewarm(); }},
    verb{"status", [](worker_pool& db) { (void)db.status(); }},
    verb{"stats", [](worker_pool& db) { (void)db.stats().hold.quantile(0.5); }},
    verb{"holders",
         [](worker_pool& db) {
             for (const auto& one : db.holders())
                 if (one.where.line == 0 || *one.where.file == '\0') std::terminate();
         }},
    verb{"options", [](worker_pool& db) { (void)db.options(); }},
    verb{"close", [](worker_pool& db) { db.close(); }},
};

void repeat(const verb& one, worker_pool& db, int times) {
    for (int i = 0; i < times; ++i) {
        try {
            one.act(db);
        } catch (const pooly::pool_error&) {
        } catch (int) {
        }
    }
}

}  // namespace

TEST_CASE("classic bug 18: every pair of public functions may run at the same time") {
    const auto timing = GENERATE(pooly::timing_mode::coarse, pooly::timing_mode::precise);
    const auto order = GENERATE(pooly::idle_order::affine, pooly::idle_order::fifo);
    const auto fairness = timing == pooly::timing_mode::coarse ? pooly::fairness_policy::strict_fifo
                                                               : pooly::fairness_policy::bounded_barging;
    backend at;
    pooly::worker_hooks<worker> hooks;
    hooks.healthy = [](worker& one) { return !one.dead; };
    hooks.reset = [](worker& one) { one.dirty = false; };
    hooks.begin = [](worker& one) { one.dirty = true; };
    hooks.commit = [](worker& one) { one.dirty = false; };
    hooks.rollback = [](worker& one) { one.dirty = false; };
    std::size_t pairs = 0;
    for (std::size_t a = 0; a < verbs.size(); ++a)
        for (std::size_t b = a; b < verbs.size(); ++b) {
            const hang_guard guard{std::string{verbs[a].name} + " beside " + verbs[b].name};
            {
                worker_pool db{[&] { return worker{at}; },
                               pooly::test::unsupervised({.size = 1,
                                                          .max_overflow = 1,
                                                          .order = order,
                                                          .fairness = fairness,
                                                          .timing = timing,
                                                          .check_after_idle = 0ns}),
                               hooks};
                std::atomic<int> missing{2};
                const auto together = [&] {
                    for (--missing; missing > 0;) std::this_thread::yield();  // a latch would wake one of them late
                };
                std::thread other{[&] { together(), repeat(verbs[b], db, 300); }};
                together(), repeat(verbs[a], db, 300);
                other.join();
                const auto seen = db.status();
                if (seen.in_use + seen.waiting + seen.making + seen.checking + seen.retiring != 0)
                    FAIL(verbs[a].name << " beside " << verbs[b].name);
            }
            if (at.alive != 0) FAIL(verbs[a].name << " beside " << verbs[b].name);
            ++pairs;
        }
    CHECK(pairs == verbs.size() * (verbs.size() + 1) / 2);
}
