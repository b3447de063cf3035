// SPDX-License-Identifier: MIT
#include <pooly/pool_registry.hpp>

#include <atomic>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <semaphore>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/child_process.hpp"
#include "support/hooked_clock.hpp"
#include "support/manual_clock.hpp"
#include "support/time_of.hpp"
#include "support/waiting.hpp"
#include "support/watched.hpp"
#include "support/worker.hpp"

using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using pooly::errc;
using pooly::pool_error;
using pooly::pool_registry;
using pooly::pool_state;
using pooly::start_mode;
using pooly::test::backend;
using pooly::test::elsewhere;
using pooly::test::hooked_clock;
using pooly::test::manual_clock;
using pooly::test::on_another_thread;
using pooly::test::time_of;
using pooly::test::watchdog_by_hand;
using pooly::test::worker;

namespace {

static_assert(!std::is_copy_constructible_v<pool_registry> && !std::is_move_constructible_v<pool_registry>);
static_assert(!std::is_copy_assignable_v<pool_registry> && !std::is_move_assignable_v<pool_registry>);
static_assert(std::is_nothrow_destructible_v<pool_registry>);

template <class Registry>
concept can_be_borrowed_from = requires(Registry& pools) {
    pools.template checkout<int>("a");
};
template <class Registry>
concept can_be_looked_at = requires(Registry& pools) {
    { pools.names() } -> std::same_as<std::vector<std::string>>;
    { pools.statuses() } -> std::same_as<std::vector<pooly::named_status>>;
    { pools.size() } -> std::same_as<std::size_t>;
};
static_assert(can_be_borrowed_from<pool_registry> && !can_be_borrowed_from<const pool_registry>);
static_assert(can_be_looked_at<const pool_registry>);

using strings = std::vector<std::string>;

const auto one = [] { return 1; };

template <class Function>
std::error_code code_of(Function&& function) {
    try {
        std::forward<Function>(function)();
    } catch (const std::system_error& error) {
        return error.code();
    }
    return {};
}

/// A factory that does not return before it is told to.
struct blocked_factory {
    std::binary_semaphore at_work{0};
    std::binary_semaphore go_on{0};
    int operator()() {
        at_work.release();
        go_on.acquire();
        return 7;
    }
};

}  // namespace

// Adding. -------------------------------------------------------------------------------------------------------------

TEST_CASE("a registry holds pools of any type under names of their own") {
    backend at;
    pool_registry pools;
    const auto of_ints = pools.add("ints", one, {.name = "overruled", .size = 2});
    static_assert(std::is_same_v<decltype(of_ints), const std::shared_ptr<pooly::pool<int>>>);
    const auto in_time = pools.add("strings", [](const pooly::create_context&) { return std::string{"in time"}; });
    const auto immovable = pools.add<worker>("workers", [&] { return worker{at}; }, {.size = 3});
    const std::function<std::string()> kept = [] { return std::string{"kept"}; };
    pools.add("kept", kept);
    CHECK(of_ints->options().name == "ints");
    CHECK(of_ints->options().size == 2);
    CHECK(*pools.checkout<int>("ints") == 1);
    CHECK(*pools.checkout<std::string>("strings") == "in time");
    CHECK(*pools.checkout<std::string>("kept") == "kept");
    CHECK(pools.get<worker>("workers") == immovable);
    CHECK(pools.find<worker>("workers") == immovable);
    CHECK(at.alive == 3);
    CHECK(pools.names() == strings{"ints", "kept", "strings", "workers"});
    CHECK(pools.size() == 4);
}

TEST_CASE("hooks come with a pool that is added") {
    int resets = 0;
    pool_registry pools{watchdog_by_hand()};
    pools.add("db", one, {.size = 1}, {.reset = [&](int&) { ++resets; }});
    pools.checkout<int>("db").checkin();
    CHECK(resets == 1);
}

TEST_CASE("a pool may have another clock, which is part of its type") {
    pool_registry pools{watchdog_by_hand()};
    const auto db = pools.add<int, manual_clock>("db", one, {.size = 1});
    static_assert(std::is_same_v<decltype(db), const std::shared_ptr<pooly::pool<int, manual_clock>>>);
    CHECK(pools.get<int, manual_clock>("db") == db);
    CHECK(*pools.checkout<int, manual_clock>("db") == 1);
    CHECK(pools.try_checkout<int, manual_clock>("db"));
    CHECK(pools.transaction<int, manual_clock>("db", [](int& i) { return i; }) == 1);
    CHECK(pools.find<int>("db") == nullptr);
    CHECK_THROWS_WITH(pools.get<int>("db"), ContainsSubstring("manual_clock") && ContainsSubstring("for was int."));
}

TEST_CASE("a name is looked up without a string of its own, and may hold anything") {
    pool_registry pools{watchdog_by_hand()};
    const std::string odd{"a\0b 'c' \xff", 9};
    pools.add(std::string_view{odd}, one);
    CHECK(pools.find<int>(std::string_view{odd}) != nullptr);
    CHECK(pools.find<int>("a") == nullptr);
    CHECK(pools.names() == strings{odd});
    CHECK(pools.remove(odd));
}

TEST_CASE("a registry needs a watchdog") {
    CHECK_THROWS_WITH(pool_registry{nullptr}, ContainsSubstring("watchdog must not be null"));
    CHECK_THROWS_AS(pool_registry{nullptr}, std::invalid_argument);
}

TEST_CASE("an empty name is refused by name") {
    int made = 0;
    pool_registry pools{watchdog_by_hand()};
    CHECK_THROWS_WITH(pools.add("", [&] { return ++made; }), "pooly: name must not be empty");
    CHECK_THROWS_AS(pools.add("", one), std::invalid_argument);
    CHECK(made == 0);
    CHECK(pools.size() == 0);
}

TEST_CASE("a name is given once, whatever the type") {
    int made = 0;
    pool_registry pools{watchdog_by_hand()};
    const auto first = pools.add("db", one);
    CHECK(code_of([&] { pools.add("db", [&] { return std::to_string(++made); }); }) == errc::name_taken);
    CHECK_THROWS_WITH(pools.add("db", one),
                      "pooly: pool 'db': a pool of that name exists already, or is just being added. Get that one, "
                      "remove it first, or choose another name.");
    CHECK(made == 0);
    CHECK(pools.get<int>("db") == first);
    CHECK(pools.remove("db"));
    CHECK(pools.add("db", [] { return std::string{}; }) != nullptr);
}

TEST_CASE("a name is taken before its pool is made, and the pool is not there before it is complete") {
    blocked_factory factory;
    int made = 0;
    pool_registry pools{watchdog_by_hand()};
    auto slow = elsewhere([&] { return pools.add("db", std::ref(factory), {.size = 1}); });
    factory.at_work.acquire();
    CHECK(code_of([&] { pools.add("db", [&] { return ++made; }); }) == errc::name_taken);
    CHECK(made == 0);
    CHECK(pools.find<int>("db") == nullptr);
    CHECK(code_of([&] { (void)pools.get<int>("db"); }) == errc::no_such_pool);
    CHECK(pools.try_checkout<int>("db").error() == errc::no_such_pool);
    CHECK(code_of([&] { pools.restart("db"); }) == errc::no_such_pool);
    CHECK_FALSE(pools.remove("db"));
    CHECK(pools.names().empty());
    CHECK(pools.statuses().empty());
    CHECK(pools.size() == 0);
    factory.go_on.release();
    const auto added = slow.get();
    CHECK(added == pools.get<int>("db"));
    CHECK(pools.size() == 1);
}

TEST_CASE("a name is free again if its pool could not be made") {
    pool_registry pools{watchdog_by_hand()};
    CHECK_THROWS_WITH(pools.add("db", []() -> int { throw std::runtime_error{"no route"}; }), "no route");
    CHECK_THROWS_AS(pools.add("db", one, {.checkout_timeout = -1s}), std::invalid_argument);
    CHECK_THROWS_AS(pools.add("db", std::function<int()>{}), std::invalid_argument);
    CHECK(pools.size() == 0);
    CHECK(pools.names().empty());
    pools.add("db", one);
    CHECK(pools.size() == 1);
}

TEST_CASE("classic bug 9: a factory that blocks delays no other pool of its registry") {
    blocked_factory factory;
    pool_registry pools{watchdog_by_hand()};
    const auto other = pools.add("other", one, {.size = 1});
    auto slow = elsewhere([&] { return pools.add("slow", std::ref(factory), {.size = 1}); });
    factory.at_work.acquire();
    // All of this in one thread: whatever waits for the factory waits for ever.
    pools.add("third", one);
    CHECK(pools.get<int>("other") == other);
    CHECK(*pools.checkout<int>("other") == 1);
    CHECK(pools.statuses().size() == 2);
    CHECK(pools.names() == strings{"other", "third"});
    pools.restart("other");
    pools.restart_all();
    CHECK(pools.remove("third"));
    CHECK(code_of([&] { (void)pools.get<int>("third"); }) == errc::no_such_pool);
    factory.go_on.release();
    CHECK(slow.get() != nullptr);
}

TEST_CASE("classic bug 10: factory and hooks may use the registry that their pool is in") {
    pool_registry pools{watchdog_by_hand()};
    const auto use = [&] {
        (void)pools.names();
        (void)pools.statuses();
        (void)pools.find<int>("db");
        (void)pools.try_checkout<int>("db");
        CHECK_FALSE(pools.remove("none"));
        CHECK(code_of([&] { pools.add("other", one); }) == errc::name_taken);
        pools.add("short-lived", one);
        CHECK(pools.remove("short-lived"));
    };
    pools.add("other", one);
    int made = 0;
    int retired = 0;
    pools.add("db", [&] { return use(), ++made; }, {.size = 1},
              {.reset = [&](int&) { use(); }, .retire = [&](int&) { use(), ++retired; }});
    pools.checkout<int>("db").checkin();
    pools.restart("db");
    CHECK(made == 2);
    CHECK(pools.remove("db"));
    CHECK(retired == 2);
}

// Finding. ------------------------------------------------------------------------------------------------------------

TEST_CASE("a name that is missing is told with the names that exist") {
    pool_registry pools{watchdog_by_hand()};
    CHECK_THROWS_WITH(pools.get<int>("db"),
                      "pooly: pool 'db': no pool of that name; there is none at all. Add it first.");
    pools.add("orders", one);
    CHECK_THROWS_WITH(
        pools.get<int>("db"),
        "pooly: pool 'db': no pool of that name; there is 'orders'. Add it first, or ask for one that is there.");
    pools.add("archive", one);
    CHECK_THROWS_WITH(pools.checkout<int>("db"),
                      "pooly: pool 'db': no pool of that name; there are 'archive', 'orders'. Add it first, or ask for "
                      "one that is there.");
    CHECK(code_of([&] { (void)pools.get<int>("db"); }) == errc::no_such_pool);
    CHECK(code_of([&] { (void)pools.checkout<int>("db"); }) == errc::no_such_pool);
    CHECK(code_of([&] { (void)pools.checkout_for<int>("db", 1ms); }) == errc::no_such_pool);
    CHECK(code_of([&] { pools.transaction<int>("db", [](int&) {}); }) == errc::no_such_pool);
    CHECK(code_of([&] {
              pools.transaction<int>(
                  "db", [](int&) {}, 1ms);
          }) == errc::no_such_pool);
    CHECK(code_of([&] { pools.restart("db"); }) == errc::no_such_pool);
    CHECK(pools.try_checkout<int>("db").error() == errc::no_such_pool);
    CHECK(pools.try_checkout_for<int>("db", 1ms).error() == errc::no_such_pool);
    CHECK(pools.find<int>("db") == nullptr);
    CHECK(pools.find<int>("") == nullptr);
}

TEST_CASE("a pool of another type is told with both types") {
    pool_registry pools{watchdog_by_hand()};
    pools.add("db", one);
    CHECK_THROWS_WITH(pools.get<double>("db"),
                      "pooly: pool 'db': the pool of that name holds another type: it holds int, asked for was double. "
                      "Ask for the type it was added with.");
    CHECK(code_of([&] { (void)pools.get<long>("db"); }) == errc::wrong_type);
    CHECK(code_of([&] { (void)pools.checkout<long>("db"); }) == errc::wrong_type);
    CHECK(code_of([&] { (void)pools.checkout_for<long>("db", 1ms); }) == errc::wrong_type);
    CHECK(code_of([&] { pools.transaction<long>("db", [](long&) {}); }) == errc::wrong_type);
    CHECK(pools.try_checkout<long>("db").error() == errc::wrong_type);
    CHECK(pools.try_checkout_for<long>("db", 1ms).error() == errc::wrong_type);
    CHECK(pools.find<long>("db") == nullptr);
    CHECK(pools.find<unsigned>("db") == nullptr);
}

// Borrowing. ----------------------------------------------------------------------------------------------------------

TEST_CASE("every verb by name keeps the caller's line") {
    pool_registry pools{watchdog_by_hand()};
    const auto db = pools.add("db", one, {.size = 1});
    const auto line = [&] { return db->holders().at(0).where.line; };
    {
        const auto held = pools.checkout<int>("db");
        CHECK(line() == __LINE__ - 1);
    }
    {
        const auto held = pools.checkout_for<int>("db", 1s);
        CHECK(line() == __LINE__ - 1);
    }
    {
        const auto held = pools.try_checkout<int>("db");
        CHECK(line() == __LINE__ - 1);
    }
    {
        const auto held = pools.try_checkout_for<int>("db", 1s);
        CHECK(line() == __LINE__ - 1);
    }
    const auto line_inside = [&](int&) { return line(); };
    CHECK(pools.transaction<int>("db", line_inside) == __LINE__);
    CHECK(pools.transaction<int>("db", line_inside, 1s) == __LINE__);
}

TEST_CASE("the verbs by name wait as long as the pool's own") {
    pool_registry pools{watchdog_by_hand()};
    const auto db = pools.add("db", one, {.size = 1, .checkout_timeout = 1ms});
    const auto held = db->checkout();
    const auto given_up = [](auto verb) { return time_of([&] { CHECK(code_of(verb) == errc::timeout); }); };
    CHECK(given_up([&] { (void)pools.checkout<int>("db"); }) >= 1ms);
    CHECK(given_up([&] { (void)pools.checkout_for<int>("db", 20ms); }) >= 20ms);
    CHECK(given_up([&] { pools.transaction<int>("db", [](int&) {}); }) >= 1ms);
    CHECK(given_up([&] {
              pools.transaction<int>(
                  "db", [](int&) {}, 20ms);
          }) >= 20ms);
    CHECK(pools.try_checkout<int>("db").error() == errc::full);
    CHECK(given_up([&] { (void)pools.try_checkout_for<int>("db", 20ms).value(); }) >= 20ms);
    CHECK_THROWS_WITH(pools.checkout_for<int>("db", 1ms),
                      ContainsSubstring("pool 'db': timed out") && ContainsSubstring("pool_registry.cpp"));
}

TEST_CASE("a transaction by name commits, or rolls back and throws on") {
    std::string log;
    pool_registry pools{watchdog_by_hand()};
    pools.add("db", one, {.size = 1},
              {.begin = [&](int&) { log += "begin "; },
               .commit = [&](int&) { log += "commit "; },
               .rollback = [&](int&) { log += "rollback "; }});
    int& same = pools.transaction<int>("db", [](int& i) -> int& { return i; });
    CHECK(same == 1);
    CHECK_THROWS_AS(pools.transaction<int>(
                        "db", [](int&) { throw std::logic_error{"no"}; }, 1s),
                    std::logic_error);
    CHECK(log == "begin commit begin rollback ");
}

// Removing. -----------------------------------------------------------------------------------------------------------

TEST_CASE("a pool that nobody holds is closed when it is removed, and removing it twice does no harm") {
    backend at;
    pool_registry pools{watchdog_by_hand()};
    pools.add("db", [&] { return worker{at}; }, {.size = 3});
    CHECK(at.alive == 3);
    CHECK(pools.remove("db"));
    CHECK(at.alive == 0);
    CHECK_FALSE(pools.remove("db"));
    CHECK_FALSE(pools.remove("never"));
    CHECK(pools.find<worker>("db") == nullptr);
    CHECK(pools.size() == 0);
}

TEST_CASE("classic bug 25: a pool that is removed goes on for those who hold it") {
    backend at;
    pool_registry pools{watchdog_by_hand()};
    auto db = pools.add("db", [&] { return worker{at}; }, {.size = 2});
    auto held = pools.checkout<worker>("db");
    CHECK(pools.remove("db"));
    CHECK(pools.find<worker>("db") == nullptr);
    CHECK(db->status().state == pool_state::ready);
    CHECK(db->checkout()->number() > 0);
    held.checkin();
    CHECK(db->status().idle == 2);
    const auto next = pools.add("db", [&] { return worker{at}; }, {.size = 1});  // the name is free at once
    CHECK(at.alive == 3);
    db.reset();
    CHECK(at.alive == 1);
    CHECK(next->status().idle == 1);
}

TEST_CASE("classic bug 25: a pool may be removed with a lease out") {
    backend at;
    pool_registry pools{watchdog_by_hand()};
    pools.add("db", [&] { return worker{at}; }, {.size = 2});
    auto held = pools.checkout<worker>("db");
    CHECK(pools.remove("db"));
    CHECK(at.alive == 1);
    CHECK(held->number() > 0);
    held.checkin();
    CHECK(at.alive == 0);
}

TEST_CASE("a pool that is removed while somebody uses it by name lives until that is done") {
    backend at;
    pool_registry pools{watchdog_by_hand()};
    pools.add("db", [&] { return worker{at}; }, {.size = 1});
    std::optional held{pools.checkout<worker>("db")};
    auto waiting = elsewhere([&] { return pools.transaction<worker>("db", [](worker& w) { return w.number(); }); });
    pooly::test::wait_until([&] { return pools.statuses().at(0).status.waiting == 1; });
    CHECK(pools.remove("db"));
    CHECK(at.alive == 1);
    held.reset();
    CHECK(waiting.get() == 1);
    CHECK(at.alive == 0);
}

TEST_CASE("a pool that takes its time to die delays no other") {
    std::binary_semaphore at_work{0};
    std::binary_semaphore go_on{0};
    pool_registry pools{watchdog_by_hand()};
    pools.add("slow", one, {.size = 1}, {.retire = [&](int&) { at_work.release(), go_on.acquire(); }});
    auto slow = elsewhere([&] { return pools.remove("slow"); });
    at_work.acquire();
    CHECK(pools.names().empty());
    pools.add("slow", one);
    CHECK(*pools.checkout<int>("slow") == 1);
    CHECK(pools.remove("slow"));
    go_on.release();
    CHECK(slow.get());
}

// All of them. --------------------------------------------------------------------------------------------------------

TEST_CASE("the statuses of all pools come sorted by name") {
    pool_registry pools{watchdog_by_hand()};
    CHECK(pools.statuses().empty());
    const auto b = pools.add("b", one, {.size = 2});
    const auto a = pools.add("a", [] { return std::string{}; }, {.size = 1});
    const auto held = a->checkout();
    CHECK(pools.statuses() == std::vector<pooly::named_status>{{"a", a->status()}, {"b", b->status()}});
    CHECK(pools.statuses().at(0).status.in_use == 1);
}

TEST_CASE("a pool that is hard to look at delays those who look, and nobody else") {
    std::binary_semaphore at_work{0};
    std::binary_semaphore go_on{0};
    pool_registry pools{watchdog_by_hand()};
    const auto slow = pools.add<int, hooked_clock>("a", one, {.size = 1});
    auto held = slow->checkout();
    auto keeps_its_lock = elsewhere([&] {
        int reads = 0;
        hooked_clock::on_this_thread = [&] {
            if (++reads != 2) return;  // the first is for the deadline; this one, under the pool's lock, looks at it
            at_work.release();
            go_on.acquire();
        };
        return slow->drain_for(1h);
    });
    at_work.acquire();
    pools.add("b", one);
    auto looks = elsewhere([&] { return pools.statuses().size(); });
    for (int i = 0; i < 1000; ++i) {  // some of them while the other looks, which cannot be seen from here
        pools.add("c", one);
        CHECK(*pools.checkout<int>("c") == 1);
        CHECK(pools.remove("c"));
        std::this_thread::yield();
    }
    CHECK(looks.wait_for(0s) == std::future_status::timeout);
    go_on.release();
    held.checkin();
    CHECK(keeps_its_lock.get() == 0);
    CHECK(looks.get() >= 2);
}

TEST_CASE("a pool is restarted by name, and all are, whatever becomes of one") {
    backend good;
    backend bad;
    pool_registry pools{watchdog_by_hand()};
    pools.add("a", [&] { return worker{good}; }, {.size = 1});
    pools.add("b", [&] { return worker{bad}; }, {.size = 1});
    pools.add("c", [&] { return worker{good}; }, {.size = 1});
    pools.restart("a");
    CHECK(pools.checkout<worker>("a").info().generation == 1);
    CHECK(pools.checkout<worker>("c").info().generation == 0);
    bad.down = true;
    CHECK_THROWS_WITH(pools.restart_all(), "the backend is down");
    CHECK(pools.checkout<worker>("a").info().generation == 2);
    CHECK(pools.checkout<worker>("c").info().generation == 1);
    bad.down = false;
    pools.restart("b");
    CHECK(pools.checkout<worker>("b").info().generation == 2);
    CHECK(good.alive == 2);
    CHECK(bad.alive == 1);
}

TEST_CASE("while one pool keeps restart_all waiting, the others serve, and die when they are removed") {
    backend at;
    blocked_factory block;
    std::atomic<bool> blocks{false};
    pool_registry pools{watchdog_by_hand()};
    pools.add("a", one, {.size = 1}, {.retire = [&](int&) {
                  if (blocks) (void)block();
              }});
    pools.add("b", [&] { return worker{at}; }, {.size = 1});
    blocks = true;
    auto all = elsewhere([&] { pools.restart_all(); });
    block.at_work.acquire();
    CHECK(pools.transaction<worker>("b", [](worker& w) { return w.number(); }) == 1);
    CHECK(pools.statuses().at(0).status.retiring == 1);
    CHECK(pools.remove("b"));
    CHECK(at.alive == 0);
    blocks = false;
    block.go_on.release();
    all.get();
    CHECK(pools.names() == strings{"a"});
}

TEST_CASE("close_all closes all pools, which are still there, and takes in no other") {
    backend at;
    pool_registry pools{watchdog_by_hand()};
    const auto a = pools.add("a", [&] { return worker{at}; }, {.size = 2});
    const auto b = pools.add("b", one);
    auto held = a->checkout();
    pools.close_all();
    pools.close_all();
    CHECK(at.alive == 1);
    held.checkin();
    CHECK(at.alive == 0);
    CHECK(a->status().state == pool_state::closed);
    CHECK(b->status().state == pool_state::closed);
    CHECK(pools.get<worker>("a") == a);
    CHECK(pools.names() == strings{"a", "b"});
    CHECK(pools.try_checkout<int>("b").error() == errc::closed);
    pools.restart_all();
    CHECK(at.alive == 0);
    int made = 0;
    CHECK(code_of([&] { pools.add("c", [&] { return ++made; }); }) == errc::closed);
    CHECK_THROWS_WITH(
        pools.add("c", one),
        "pooly: pool 'c': not added, the registry is closed. Add pools before close_all(), or to a new one.");
    CHECK(made == 0);
    CHECK(pools.remove("b"));
    CHECK_FALSE(pools.remove("b"));
    CHECK(pools.size() == 1);
    pool_registry empty;
    empty.close_all();
    CHECK(code_of([&] { empty.add("c", one); }) == errc::closed);
}

TEST_CASE("drain_for waits for the leases of all pools within one time, and tells how many are left") {
    pool_registry pools{watchdog_by_hand()};
    CHECK(pools.drain_for(1h) == 0);
    const auto a = pools.add("a", one, {.size = 2});
    const auto b = pools.add("b", [] { return std::string{}; }, {.size = 1});
    auto first = a->checkout();
    auto second = b->checkout();
    auto third = a->checkout();
    CHECK(pools.drain_for(0s) == 3);
    CHECK(pools.drain_for(std::chrono::nanoseconds::min()) == 3);
    pools.close_all();
    auto drained = std::async(std::launch::async, [&] { return pools.drain_for(std::chrono::hours::max()); });
    second.checkin();
    first.checkin();
    CHECK(drained.wait_for(0s) == std::future_status::timeout);
    third.checkin();
    CHECK(drained.get() == 0);
}

TEST_CASE("a pool that is drained by its registry lends again afterwards") {
    pool_registry pools{watchdog_by_hand()};
    const auto a = pools.add("a", one, {.size = 1});
    CHECK(pools.drain_for(1ms) == 0);
    CHECK(*a->checkout() == 1);
}

TEST_CASE("a pool that is being added during close_all is refused, and nothing is left of it") {
    backend at;
    blocked_factory block;
    pool_registry pools{watchdog_by_hand()};
    auto slow = elsewhere(
        [&] { return code_of([&] { pools.add("slow", [&] { return block(), worker{at}; }, {.size = 1}); }); });
    block.at_work.acquire();
    pools.close_all();  // does not wait for it
    block.go_on.release();
    CHECK(slow.get() == errc::closed);
    CHECK(at.made == 1);
    CHECK(at.alive == 0);
    CHECK(pools.size() == 0);
    CHECK(pools.find<worker>("slow") == nullptr);
}

// The end. ------------------------------------------------------------------------------------------------------------

TEST_CASE("I7: leases and pools in use outlive their registry, whichever thread it dies on") {
    backend at;
    std::optional<pool_registry> pools{std::in_place};
    pools->add("a", [&] { return worker{at}; }, {.size = 2});
    auto b = pools->add("b", [&] { return worker{at}; }, {.size = 2});
    auto held = pools->checkout<worker>("a");
    SECTION("this one") { pools.reset(); }
    SECTION("another") {
        on_another_thread([&] { pools.reset(); });
    }
    SECTION("and it is built again") {
        pools.emplace();
        CHECK(pools->size() == 0);
        pools->add("a", one);
    }
    CHECK(at.alive == 3);
    CHECK(b->status().idle == 2);
    CHECK(held->number() > 0);
    held.checkin();
    CHECK(at.alive == 2);
    b.reset();
    CHECK(at.alive == 0);
}

TEST_CASE("hooks of a pool that dies with its registry find that empty and closed") {
    strings seen{"untouched"};
    std::error_code told;
    {
        pool_registry pools{watchdog_by_hand()};
        pools.add("other", one);
        pools.add("db", one, {.size = 1}, {.retire = [&](int&) {
                      seen = pools.names();
                      CHECK_FALSE(pools.remove("other"));
                      CHECK(pools.size() == 0);
                      told = code_of([&] { pools.add("late", one); });
                  }});
    }
    CHECK(seen.empty());
    CHECK(told == errc::closed);
}

namespace {

backend& at_the_end() {
    struct tally : backend {
        ~tally() {
            if (alive != 0) std::_Exit(3);
        }
    };
    static tally all;
    return all;
}

pool_registry& static_registry() {
    static pool_registry pools;
    return pools;
}

/// Uses the registry for the last time before it dies.
struct last_user {
    ~last_user() {
        if (static_registry().checkout<worker>("db")->number() == 0) std::_Exit(4);
    }
};

}  // namespace

// Run by the next test, in a process of its own that has nothing else to do.
TEST_CASE("a static registry that dies with pools in use", "[.][dies-with-a-static-registry]") {
    at_the_end();
    static pooly::lease<worker> outlives_it;
    static std::shared_ptr<pooly::pool<worker>> outlives_it_too;
    static_registry();
    static last_user dies_before;
    static_registry().add("db", [] { return worker{at_the_end()}; }, {.size = 3});
    outlives_it_too = static_registry().add("held", [] { return worker{at_the_end()}; }, {.size = 1});
    outlives_it = static_registry().checkout<worker>("db");
    CHECK(at_the_end().alive == 4);
}

#if POOLY_TEST_HAS_FORK && defined(__linux__)
TEST_CASE("classic bug 12: a registry may die with the statics of a program") {
    const auto end = pooly::test::in_child_process([] {
        ::alarm(30);  // a hang is an end as well, and not a good one
        ::execl("/proc/self/exe", "pooly", "[dies-with-a-static-registry]", nullptr);
        return 98;
    });
    INFO(end.error_text);
    CHECK(end.exited_with(0));
}
#endif
