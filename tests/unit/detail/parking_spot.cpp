// SPDX-License-Identifier: MIT
#include <pooly/detail/parking_spot.hpp>
#include <pooly/detail/process.hpp>

#include <chrono>
#include <cstddef>
#include <latch>
#include <set>
#include <thread>
#include <type_traits>
#include <vector>

#include <pooly/pooly.hpp>

#include "support/catch.hpp"
#include "support/waiting.hpp"

using namespace std::chrono_literals;
using pooly::detail::parking_spot;

namespace {

static_assert(!std::is_copy_constructible_v<parking_spot> && !std::is_move_constructible_v<parking_spot>);

/// Those of so many threads that are there at the same time.
std::vector<parking_spot*> spots_of(std::size_t threads) {
    std::vector<parking_spot*> all(threads);
    std::latch everybody{static_cast<std::ptrdiff_t>(threads)};
    std::vector<std::jthread> running;
    for (auto& one : all)
        running.emplace_back([&] {
            one = &parking_spot::mine();
            everybody.arrive_and_wait();
        });
    return all;
}

/// Uses a pool when its thread ends, after the thread's spot has been handed on.
struct late_consumer {
    pooly::pool<int>* of = nullptr;
    bool* told = nullptr;
    ~late_consumer() {
        if (of != nullptr) *told = static_cast<bool>(of->try_checkout_for(1h));
    }
};

}  // namespace

TEST_CASE("a thread sleeps in the same spot every time") { CHECK(&parking_spot::mine() == &parking_spot::mine()); }

TEST_CASE("threads that are there at the same time have spots of their own") {
    const auto all = spots_of(20);
    CHECK(std::set<parking_spot*>(all.begin(), all.end()).size() == 20);
}

TEST_CASE("the spots of threads that have ended are taken again, and none is made") {
    const auto before = spots_of(20);
    for (int i = 0; i < 10; ++i) {
        const std::set<parking_spot*> known{before.begin(), before.end()};
        for (auto* const one : spots_of(20)) CHECK(known.contains(one));
    }
}

TEST_CASE("a thread may wait for a worker when it is about to end") {
    pooly::pool db{[] { return 1; }, {.size = 1}};
    auto held = db.checkout();
    bool served = false;
    std::thread ending{[&] {
        static thread_local late_consumer last;  // its destructor comes after the spot's, which is made later
        last.of = &db;
        last.told = &served;
        (void)parking_spot::mine();
    }};
    pooly::test::wait_for_waiters(db, 1);
    held.checkin();
    ending.join();
    CHECK(served);
}
