// SPDX-License-Identifier: MIT
#include <pooly/detail/pool_core_return.hpp>

#include <stdexcept>
#include <string>
#include <utility>

#include <pooly/pool.hpp>

#include "support/catch.hpp"
#include "support/queued_consumer.hpp"
#include "support/unsupervised.hpp"
#include "support/waiting.hpp"

using pooly::test::on_another_thread;
using pooly::test::queued_consumer;
using pooly::test::unsupervised;

namespace {

/// What happens to the workers of a pool, as one line of words: "make1 reset1 retire1 end1 ...".
class chronicle {
public:
    struct worker {
        chronicle* in;
        int number;
        worker(chronicle& where, int which) : in{&where}, number{which} { in->note("make", number); }
        worker(worker&&) = delete;
        ~worker() { in->note("end", number); }
    };

    explicit chronicle(const pooly::pool_options& options)
        : db{[this] {
                 if (factory_fails) throw std::runtime_error{"no route"};
                 return worker{*this, ++last_};
             },
             options,
             {.reset = [this](worker& one) { note("reset", one.number, reset_fails); },
              .retire = [this](worker& one) { note("retire", one.number, retire_fails); }}} {}

    std::string log;
    bool factory_fails = false;
    bool reset_fails = false;
    bool retire_fails = false;

private:
    void note(const char* what, int number, bool fails = false) {
        log += what + std::to_string(number) + ' ';
        if (fails) throw std::runtime_error{what};
    }

    int last_ = 0;

public:
    pooly::pool<worker> db;

    /// What was written since the last look.
    std::string since() { return std::exchange(log, {}); }
};

}  // namespace

TEST_CASE("a worker is reset when it comes home, before the next consumer gets it") {
    chronicle of{{.size = 1}};
    auto held = of.db.checkout();
    CHECK(of.since() == "make1 ");
    held.checkin();
    CHECK(of.since() == "reset1 ");
    held = of.db.checkout();
    CHECK(of.since().empty());
}

TEST_CASE("a worker is reset before it goes to one who waits, hand to hand") {
    chronicle of{{.size = 1}};
    auto held = of.db.checkout();
    queued_consumer waiting{of.db};
    held.checkin();
    const auto got = waiting.worker();
    CHECK(got->number == 1);
    CHECK(of.since() == "make1 reset1 ");
    CHECK(got.info().uses == 2);
}

TEST_CASE("a worker that cannot be reset is retired and destroyed, and its place is there for the next check-out") {
    chronicle of{{.size = 1}};
    auto held = of.db.checkout();
    of.reset_fails = true;
    held.checkin();
    CHECK(of.since() == "make1 reset1 retire1 end1 ");
    CHECK(of.db.status().live == 0);
    CHECK(of.db.checkout()->number == 2);
    CHECK(of.db.stats().reset_failures == 2);
    CHECK(of.db.stats().destroyed == 2);
}

TEST_CASE("one who waits for a worker that cannot be reset makes a new one") {
    chronicle of{{.size = 1}};
    auto held = of.db.checkout();
    queued_consumer waiting{of.db};
    of.reset_fails = true;
    held.checkin();
    CHECK(waiting.worker()->number == 2);
}

TEST_CASE("a discarded worker is not reset; it is retired, destroyed, and replaced") {
    chronicle of{{.size = 1}};
    of.db.checkout().discard();
    CHECK(of.log == "make1 retire1 end1 make2 ");
    CHECK(of.db.status().idle == 1);
}

TEST_CASE("a discarded worker that cannot be replaced leaves its place to the next check-out") {
    chronicle of{unsupervised({.size = 1})};
    auto held = of.db.checkout();
    of.factory_fails = true;
    held.discard();
    CHECK(of.db.status().live == 0);
    CHECK(of.db.stats().create_failures == 1);
    of.factory_fails = false;
    CHECK(of.db.checkout()->number == 2);
}

TEST_CASE("a discarded overflow worker is not replaced") {
    chronicle of{{.size = 1, .max_overflow = 1}};
    const auto base = of.db.checkout();
    of.db.checkout().discard();
    CHECK(of.db.status().live == 1);
    CHECK(of.log == "make1 make2 retire2 end2 ");
}

TEST_CASE("one who waits for a worker that is discarded makes a new one") {
    chronicle of{{.size = 1}};
    auto held = of.db.checkout();
    queued_consumer waiting{of.db};
    held.discard();
    CHECK(waiting.worker()->number == 2);
    CHECK(of.db.stats().created == 2);
}

TEST_CASE("a worker beyond the size is reset, retired and destroyed when nobody waits for it") {
    chronicle of{{.size = 0, .max_overflow = 1}};
    of.db.checkout().checkin();
    CHECK(of.log == "make1 reset1 retire1 end1 ");
    CHECK(of.db.stats().dismissed == 1);
    CHECK(of.db.stats().destroyed == 1);
}

TEST_CASE("a worker that will not retire is destroyed all the same, wherever it ends") {
    chronicle of{{.size = 2, .max_overflow = 1}};
    of.retire_fails = true;
    auto one = of.db.checkout();
    auto two = of.db.checkout();
    of.db.checkout().checkin();
    one.discard();
    two.checkin();
    of.db.restart();
    of.db.close();
    const auto stats = of.db.stats();
    CHECK(stats.destroyed == stats.created);
    CHECK(stats.retire_failures == stats.destroyed);
    CHECK(of.db.status().live == 0);
}

TEST_CASE("a worker that comes home to a closed pool is retired and destroyed, neither reset nor replaced") {
    chronicle of{{.size = 1}};
    auto held = of.db.checkout();
    of.db.close();
    held.checkin();
    CHECK(of.log == "make1 retire1 end1 ");
}

TEST_CASE("a worker may come home on another thread than it left on") {
    pooly::pool db{[] { return 1; }, {.size = 1}};
    auto held = on_another_thread([&] { return db.checkout(); });
    held.checkin();
    auto again = db.checkout();
    on_another_thread([&] { again.checkin(); });
    CHECK(db.status().idle == 1);
    CHECK(db.stats().checkouts == 2);
}

TEST_CASE("a worker that comes home goes to the one who waited longest, and so on") {
    pooly::pool db{[] { return 1; }, {.size = 1}};
    auto held = db.checkout();
    queued_consumer first{db};
    queued_consumer second{db};
    queued_consumer third{db};
    held.checkin();
    held = first.worker();
    CHECK_FALSE(second.has_answer());
    held.checkin();
    held = second.worker();
    CHECK_FALSE(third.has_answer());
    held.checkin();
    held = third.worker();
    CHECK(db.status().waiting == 0);
}
