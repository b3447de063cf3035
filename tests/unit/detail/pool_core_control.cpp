// SPDX-License-Identifier: MIT
#include <pooly/detail/pool_core_control.hpp>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <vector>

#include <pooly/pool.hpp>

#include "support/catch.hpp"
#include "support/manual_clock.hpp"
#include "support/queued_consumer.hpp"
#include "support/unsupervised.hpp"
#include "support/waiting.hpp"

using namespace std::chrono_literals;
using pooly::errc;
using pooly::pool_state;
using pooly::start_mode;
using pooly::test::elsewhere;
using pooly::test::manual_clock;
using pooly::test::queued_consumer;
using pooly::test::unsupervised;
using pooly::test::wait_until;

namespace {

/// A pool of numbers from 1, which knows how many there are.
struct numbers {
    explicit numbers(const pooly::pool_options& options) : db{[this] { return make(); }, options} {}

    int made = 0;
    int fails_from = 1'000'000;  // this number and those after it cannot be made
    std::shared_ptr<int> alive = std::make_shared<int>();
    pooly::pool<std::pair<int, std::shared_ptr<int>>> db;

    long count_alive() const { return alive.use_count() - 1; }

private:
    std::pair<int, std::shared_ptr<int>> make() {
        if (made + 1 >= fails_from) throw std::runtime_error{"no route"};
        return {++made, alive};
    }
};

}  // namespace

// Start. --------------------------------------------------------------------------------------------------------------

TEST_CASE("an eager pool has all its workers when it is made") {
    const numbers of{{.size = 3, .max_overflow = 2}};
    CHECK(of.made == 3);
    CHECK(of.db.status().idle == 3);
}

TEST_CASE("a lazy pool has none, and makes one when somebody asks and none is idle") {
    numbers of{{.size = 3, .start = start_mode::lazy}};
    CHECK(of.made == 0);
    CHECK(of.db.status().state == pool_state::ready);
    of.db.checkout().checkin();
    of.db.checkout().checkin();
    CHECK(of.made == 1);
}

TEST_CASE("an eager pool of which one worker cannot be made is not there at all, nor are the others") {
    const auto alive = std::make_shared<int>();
    int made = 0;
    const auto factory = [&] {
        if (++made == 3) throw std::runtime_error{"no route to host"};
        return alive;
    };
    CHECK_THROWS_WITH(pooly::pool<std::shared_ptr<int>>(factory, {.size = 5}), "no route to host");
    CHECK(made == 3);
    CHECK(alive.use_count() == 1);
}

// Close. --------------------------------------------------------------------------------------------------------------

TEST_CASE("a pool that is closed destroys the idle workers now and the leased one when it comes home") {
    numbers of{{.size = 3}};
    auto held = of.db.checkout();
    of.db.close();
    CHECK(of.count_alive() == 1);
    CHECK(of.db.status().state == pool_state::closed);
    CHECK(of.db.status().in_use == 1);
    held.checkin();
    CHECK(of.count_alive() == 0);
    CHECK(of.db.status().live == 0);
    CHECK(of.db.stats().destroyed == 3);
}

TEST_CASE("closing twice is closing once") {
    numbers of{{.size = 2}};
    of.db.close();
    of.db.close();
    CHECK(of.db.stats().destroyed == 2);
    CHECK(of.db.status().state == pool_state::closed);
}

TEST_CASE("those who wait are told when the pool is closed, all of them") {
    numbers of{{.size = 1}};
    const auto held = of.db.checkout();
    queued_consumer first{of.db};
    queued_consumer second{of.db};
    of.db.close();
    CHECK(first.answer().error() == errc::closed);
    CHECK(second.answer().error() == errc::closed);
    CHECK(of.db.status().waiting == 0);
}

TEST_CASE("those who wait for a suspended pool are told when it is closed") {
    numbers of{{.size = 1}};
    of.db.suspend();
    queued_consumer waiting{of.db};
    of.db.close();
    CHECK(waiting.answer().error() == errc::closed);
    of.db.resume();
    CHECK(of.db.status().state == pool_state::closed);
}

TEST_CASE("no worker appears in a closed pool, whatever is done to it") {
    numbers of{{.size = 2, .max_overflow = 2}};
    auto held = of.db.checkout();
    of.db.close();
    CHECK(of.db.prewarm() == 0);
    of.db.restart();
    of.db.resize(5, 5);
    of.db.suspend();
    of.db.resume();
    CHECK(of.db.drain_for(0s) == 1);
    held.discard();
    CHECK(of.db.drain_for(1h) == 0);
    CHECK(of.made == 2);
    CHECK(of.count_alive() == 0);
    CHECK(of.db.status().state == pool_state::closed);
}

TEST_CASE("the end of a pool is its closing: those who wait are told, and the leased worker dies with its lease") {
    auto of = std::make_unique<numbers>(pooly::pool_options{.size = 1});
    const auto alive = of->alive;
    auto held = of->db.checkout();
    queued_consumer waiting{of->db};
    of.reset();
    CHECK(waiting.answer().error() == errc::closed);
    CHECK(alive.use_count() == 2);
    held.checkin();
    CHECK(alive.use_count() == 1);
}

// Drain. --------------------------------------------------------------------------------------------------------------

TEST_CASE("a pool that lends nothing is drained at once, however long it may take") {
    numbers of{{.size = 2}};
    CHECK(of.db.drain_for(0s) == 0);
    CHECK(of.db.drain_for(-1s) == 0);
    CHECK(of.db.drain_for(std::chrono::hours::max()) == 0);
    CHECK(of.db.status().state == pool_state::ready);
}

TEST_CASE("draining tells how many leases were out when the time was up, and lends again") {
    numbers of{{.size = 3}};
    const auto one = of.db.checkout();
    const auto two = of.db.checkout();
    CHECK(of.db.drain_for(0s) == 2);
    CHECK(of.db.drain_for(1ms) == 2);
    CHECK(of.db.drain_for(std::chrono::nanoseconds::min()) == 2);
    CHECK(of.db.status().state == pool_state::ready);
    CHECK(of.db.try_checkout());
}

TEST_CASE("draining lends nothing while it waits, and ends when the last lease is home") {
    numbers of{{.size = 3}};
    auto one = of.db.checkout();
    auto two = of.db.checkout();
    auto draining = elsewhere([&] { return of.db.drain_for(1h); });
    wait_until([&] { return of.db.status().state == pool_state::suspended; });
    CHECK(of.db.try_checkout().error() == errc::suspended);
    queued_consumer waiting{of.db};
    one.checkin();
    CHECK(of.db.status().state == pool_state::suspended);
    two.checkin();
    CHECK(draining.get() == 0);
    CHECK(waiting.worker());
    CHECK(of.db.status().state == pool_state::ready);
}

TEST_CASE("draining ends when the last lease is discarded, detached or lost its reset") {
    const auto drain_while = [](auto&& end, pooly::worker_hooks<int> hooks = {}) {
        pooly::pool<int> db{[] { return 1; }, {.size = 1}, std::move(hooks)};
        auto held = db.checkout();
        auto draining = elsewhere([&] { return db.drain_for(1h); });
        wait_until([&] { return db.status().state == pool_state::suspended; });
        end(held);
        CHECK(draining.get() == 0);
    };
    drain_while([](auto& held) { held.discard(); });
    drain_while([](auto& held) { (void)held.detach(); });
    drain_while([](auto& held) { held.checkin(); }, {.reset = [](int&) { throw std::runtime_error{"dirty"}; }});
}

TEST_CASE("draining ends at its time on the pool's clock") {
    manual_clock::set(1h);
    pooly::pool<int, manual_clock> db{[] { return 1; }, {.size = 1}};
    const auto held = db.checkout();
    auto draining = elsewhere([&] { return db.drain_for(10s); });
    wait_until([&] { return db.status().state == pool_state::suspended; });
    manual_clock::advance(10s - 1ns);
    CHECK(db.status().state == pool_state::suspended);
    manual_clock::advance(1ns);
    CHECK(draining.get() == 1);
}

// Restart. ------------------------------------------------------------------------------------------------------------

TEST_CASE("a restart replaces the idle workers now and dismisses the leased one when it comes home") {
    numbers of{{.size = 3}};
    auto held = of.db.checkout();
    of.db.restart();
    CHECK(of.made == 5);
    CHECK(of.count_alive() == 3);
    CHECK(of.db.status().idle == 2);
    CHECK(held.info().generation == 0);
    held.checkin();
    CHECK(of.count_alive() == 2);
    CHECK(of.db.status().idle == 2);
    CHECK(of.db.status().state == pool_state::ready);
    const auto one = of.db.checkout();
    const auto two = of.db.checkout();
    const auto three = of.db.checkout();
    CHECK(of.made == 6);
    for (const auto* const lease : {&one, &two, &three}) CHECK(lease->info().generation == 1);
}

TEST_CASE("each restart is a generation") {
    numbers of{{.size = 1}};
    for (std::uint64_t generation = 1; generation <= 5; ++generation) {
        of.db.restart();
        CHECK(of.db.checkout().info().generation == generation);
    }
}

TEST_CASE("one who waits gets a new worker when an old one comes home after a restart") {
    numbers of{{.size = 1}};
    auto held = of.db.checkout();
    queued_consumer waiting{of.db};
    of.db.restart();
    held.checkin();
    const auto got = waiting.worker();
    CHECK(got->first == 2);
    CHECK(got.info().generation == 1);
    CHECK(of.count_alive() == 1);
}

TEST_CASE("a restart that cannot make workers says why, and the check-outs to come fill the places") {
    numbers of{unsupervised({.size = 2})};
    of.fails_from = 4;
    CHECK_THROWS_WITH(of.db.restart(), "no route");
    CHECK(of.db.status().live == 1);
    of.fails_from = 1'000;
    const auto one = of.db.checkout();
    const auto two = of.db.checkout();
    CHECK(one.info().generation == 1);
    CHECK(two.info().generation == 1);
    CHECK(of.count_alive() == 2);
}

TEST_CASE("a restart makes no more workers than it ended") {
    numbers of{{.size = 3, .start = start_mode::lazy}};
    of.db.checkout().checkin();
    of.db.restart();
    CHECK(of.made == 2);
    CHECK(of.db.status().live == 1);
}

// Suspend and resume. -------------------------------------------------------------------------------------------------

TEST_CASE("a suspended pool keeps those who wait in the queue and serves them in order when it resumes") {
    numbers of{{.size = 1, .max_overflow = 1}};
    auto held = of.db.checkout();
    of.db.suspend();
    of.db.suspend();
    CHECK(of.db.status().state == pool_state::suspended);
    queued_consumer first{of.db};
    queued_consumer second{of.db};
    queued_consumer third{of.db};
    held.checkin();
    CHECK(of.db.status().waiting == 3);
    CHECK(of.db.status().idle == 1);
    of.db.resume();
    auto one = first.worker();
    const auto two = second.worker();
    CHECK_FALSE(third.has_answer());
    one.checkin();
    CHECK(third.worker()->first == 1);
}

TEST_CASE("a worker beyond the size that comes home to a suspended pool is dismissed, though somebody waits") {
    numbers of{{.size = 1, .max_overflow = 1}};
    const auto base = of.db.checkout();
    auto extra = of.db.checkout();
    of.db.suspend();
    queued_consumer waiting{of.db};
    extra.checkin();
    CHECK(of.count_alive() == 1);
    of.db.resume();
    CHECK(waiting.worker()->first == 3);
}

TEST_CASE("resuming what was not suspended changes nothing") {
    numbers of{{.size = 1}};
    const auto before = of.db.status();
    of.db.resume();
    CHECK(of.db.status() == before);
}

// Resize. -------------------------------------------------------------------------------------------------------------

TEST_CASE("a pool that grows fills up to its size if it is eager, and waits to be asked if it is lazy") {
    numbers eager{{.size = 1}};
    eager.db.resize(3, 2);
    CHECK(eager.made == 3);
    CHECK(eager.db.status().idle == 3);
    numbers lazy{{.size = 1, .start = start_mode::lazy}};
    lazy.db.resize(3, 2);
    CHECK(lazy.made == 0);
    std::vector<decltype(lazy.db.checkout())> held;
    while (auto got = lazy.db.try_checkout()) held.push_back(std::move(got).value());
    CHECK(held.size() == 5);
}

TEST_CASE("those who wait get the room that a pool gains") {
    numbers of{{.size = 1}};
    const auto held = of.db.checkout();
    queued_consumer first{of.db};
    queued_consumer second{of.db};
    of.db.resize(1, 1);
    const auto one = first.worker();
    CHECK_FALSE(second.has_answer());
    of.db.resize(3, 0);
    CHECK(second.worker());
    CHECK(of.made == 3);
}

TEST_CASE("a pool that shrinks destroys idle workers now and leased ones when they come home") {
    numbers of{{.size = 4}};
    auto one = of.db.checkout();
    auto two = of.db.checkout();
    of.db.resize(1, 0);
    CHECK(of.count_alive() == 2);
    CHECK(of.db.status().in_use == 2);
    CHECK(of.db.try_checkout().error() == errc::full);
    one.checkin();
    CHECK(of.count_alive() == 1);
    two.checkin();
    CHECK(of.count_alive() == 1);
    CHECK(of.db.status().idle == 1);
    CHECK(of.db.stats().dismissed == 3);
}

TEST_CASE("a pool may shrink to nothing and grow again") {
    numbers of{{.size = 2}};
    of.db.resize(0, 0);
    CHECK(of.count_alive() == 0);
    CHECK(of.db.status().state == pool_state::full);
    CHECK(of.db.try_checkout_for(1h).error() == errc::full);
    of.db.resize(2, 0);
    CHECK(of.count_alive() == 2);
    CHECK(of.db.try_checkout());
}

TEST_CASE("workers that were overflow are kept when the size grows over them") {
    numbers of{{.size = 1, .max_overflow = 2}};
    auto one = of.db.checkout();
    auto two = of.db.checkout();
    CHECK(of.db.status().overflow == 1);
    of.db.resize(2, 0);
    CHECK(of.db.status().overflow == 0);
    one.checkin();
    two.checkin();
    CHECK(of.db.status().idle == 2);
    CHECK(of.made == 2);
}

TEST_CASE("an absurd size is refused by its name, and nothing is changed") {
    numbers of{{.size = 2}};
    constexpr auto too_many = pooly::pool_options::max_places + 1;
    CHECK_THROWS_WITH(of.db.resize(too_many, 0), Catch::Matchers::ContainsSubstring("size must be at most"));
    CHECK_THROWS_WITH(of.db.resize(1, too_many), Catch::Matchers::ContainsSubstring("max_overflow must leave"));
    CHECK_THROWS_AS(of.db.resize(static_cast<std::size_t>(-1), 0), std::invalid_argument);
    CHECK(of.db.options().size == 2);
    CHECK(of.db.status().idle == 2);
}

TEST_CASE("a pool that cannot make the workers it grows by says why, and has grown all the same") {
    numbers of{unsupervised({.size = 1})};
    of.fails_from = 3;
    CHECK_THROWS_WITH(of.db.resize(4, 1), "no route");
    CHECK(of.db.options().size == 4);
    CHECK(of.db.options().max_overflow == 1);
    CHECK(of.db.status().idle == 2);
    of.fails_from = 1'000;
    std::vector<decltype(of.db.checkout())> held;
    while (auto got = of.db.try_checkout()) held.push_back(std::move(got).value());
    CHECK(held.size() == 5);
}

TEST_CASE("leases stay good while the pool grows around them") {
    for (const auto order : {pooly::idle_order::affine, pooly::idle_order::lifo, pooly::idle_order::fifo}) {
        numbers of{{.size = 1, .order = order}};
        auto held = of.db.checkout();
        const auto* const where = held.get();
        for (std::size_t size = 2; size < 50; size += 7) of.db.resize(size, 0);
        CHECK(held.get() == where);
        CHECK(held->first == 1);
        held.checkin();
        CHECK(of.db.status().idle == 44);
    }
}

// Prewarm. ------------------------------------------------------------------------------------------------------------

TEST_CASE("prewarming makes the workers that are missing under the size, and says how many") {
    numbers of{{.size = 4, .max_overflow = 3, .start = start_mode::lazy}};
    const auto held = of.db.checkout();
    CHECK(of.db.prewarm() == 3);
    CHECK(of.db.prewarm() == 0);
    CHECK(of.db.status().idle == 3);
    CHECK(of.db.status().live == 4);
}

TEST_CASE("prewarming that fails says why and keeps what was made") {
    numbers of{{.size = 4, .start = start_mode::lazy}};
    of.fails_from = 3;
    CHECK_THROWS_WITH(of.db.prewarm(), "no route");
    CHECK(of.db.status().idle == 2);
    of.fails_from = 1'000;
    CHECK(of.db.prewarm() == 2);
}

TEST_CASE("a suspended pool can be prewarmed; its workers are lent when it resumes") {
    numbers of{{.size = 2, .start = start_mode::lazy}};
    of.db.suspend();
    CHECK(of.db.prewarm() == 2);
    CHECK(of.db.status().idle == 2);
    of.db.resume();
    CHECK(of.db.try_checkout());
    CHECK(of.made == 2);
}
