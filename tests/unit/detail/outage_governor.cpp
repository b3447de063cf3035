// SPDX-License-Identifier: MIT
#include <pooly/detail/outage_governor.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <pooly/pool_options.hpp>

#include "support/catch.hpp"
#include "support/seed.hpp"

using namespace std::chrono_literals;
using std::chrono::nanoseconds;
using governor = pooly::detail::outage_governor;
using verdict = governor::verdict;

namespace {

constexpr governor::limits usual{.max_connecting = 2, .backoff_base = 100ms, .backoff_cap = 30s};
constexpr governor::limits wide{.max_connecting = 5, .backoff_base = 100ms, .backoff_cap = 30s};

static_assert(noexcept(std::declval<const governor&>().may_connect({})) && noexcept(std::declval<governor&>().begin()) && noexcept(
    std::declval<governor&>().succeeded(
        std::declval<
            governor::
                attempt>())) && noexcept(std::declval<governor&>()
                                             .failed(
                                                 std::declval<governor::attempt>(),
                                                 {})) && noexcept(std::declval<governor&>()
                                                                      .abandoned(
                                                                          std::declval<
                                                                              governor::
                                                                                  attempt>())) && noexcept(std::
                                                                                                               declval<
                                                                                                                   governor&>()
                                                                                                                   .retry_now()));

/// Begins as many as may; they end in any order.
std::vector<governor::attempt> begin_all(governor& one, nanoseconds now) {
    std::vector<governor::attempt> begun;
    while (one.may_connect(now) == verdict::go) begun.push_back(one.begin());
    return begun;
}

void fail_once(governor& one, nanoseconds now) { one.failed(one.begin(), now); }

}  // namespace

TEST_CASE("while up, as many connect at once as may and the next waits its turn") {
    governor connects{usual, 1};
    const auto first = connects.begin();
    CHECK(connects.may_connect(0ns) == verdict::go);
    const auto second = connects.begin();
    CHECK(connects.connecting() == 2);
    CHECK(connects.may_connect(0ns) == verdict::busy);
    connects.succeeded(first);
    CHECK(connects.may_connect(0ns) == verdict::go);
    connects.abandoned(second);
    CHECK(connects.connecting() == 0);
    CHECK_FALSE(connects.is_down());
}

TEST_CASE("a limit of no connection at all is taken for one, and of any number for any number") {
    governor none{{.max_connecting = 0}, 1};
    CHECK(begin_all(none, 0ns).size() == 1);
    governor any{{.max_connecting = pooly::pool_options::unlimited, .backoff_base = 1s, .backoff_cap = 1s}, 1};
    fail_once(any, 0ns);
    for (int i = 0; i < 200; ++i) any.succeeded(any.begin());
    for (int i = 0; i < 200; ++i) {
        REQUIRE(any.may_connect(0ns) == verdict::go);
        (void)any.begin();
    }
}

TEST_CASE("a failure means down, not before the backoff's wait is over") {
    governor connects{usual, 1};
    fail_once(connects, 5s);
    CHECK(connects.is_down());
    CHECK(connects.next_attempt() >= 5s + 100ms);
    CHECK(connects.next_attempt() <= 5s + 300ms);
    CHECK(connects.may_connect(5s) == verdict::down);
    CHECK(connects.may_connect(connects.next_attempt() - 1ns) == verdict::down);
    CHECK(connects.may_connect(connects.next_attempt()) == verdict::go);
}

TEST_CASE("while down one probes at a time, also if it is late or given up") {
    governor connects{wide, 1};
    fail_once(connects, 0ns);
    const auto now = connects.next_attempt();
    CHECK(begin_all(connects, now).size() == 1);
    CHECK(connects.may_connect(now + 1h) == verdict::down);

    governor others{wide, 1};
    fail_once(others, 0ns);
    others.abandoned(begin_all(others, now).at(0));
    CHECK(others.is_down());
    CHECK(begin_all(others, now).size() == 1);
}

TEST_CASE("each failed probe puts the next attempt off by one wait of the backoff") {
    governor connects{usual, 42};
    pooly::detail::backoff waits{usual.backoff_base, usual.backoff_cap, 42};
    auto now = 0ns;
    for (int i = 0; i < 20; ++i) {
        REQUIRE(connects.may_connect(now) == verdict::go);
        fail_once(connects, now);
        REQUIRE(connects.next_attempt() == now + waits.next());
        now = connects.next_attempt();
    }
}

TEST_CASE("a wave that fails together lengthens the backoff once") {
    governor connects{wide, 42};
    pooly::detail::backoff waits{wide.backoff_base, wide.backoff_cap, 42};
    const auto wave = begin_all(connects, 0ns);
    REQUIRE(wave.size() == 5);
    connects.failed(wave[3], 10ms);
    const auto next = 10ms + waits.next();
    for (const auto straggler : {0U, 1U, 2U}) connects.failed(wave[straggler], 20ms);
    CHECK(connects.next_attempt() == next);

    const auto prober = connects.begin();
    connects.failed(wave[4], next);  // the last of the wave, while another probes already
    CHECK(connects.next_attempt() == next);
    CHECK(connects.may_connect(next) == verdict::down);
    connects.failed(prober, next);
    CHECK(connects.next_attempt() == next + waits.next());
    CHECK(connects.connecting() == 0);
}

TEST_CASE("one that hangs from before the outage neither stands in for the prober nor keeps it away") {
    governor connects{usual, 1};
    const auto hanging = connects.begin();
    fail_once(connects, 0ns);
    CHECK(connects.connecting() == 1);
    const auto now = connects.next_attempt();
    CHECK(begin_all(connects, now).size() == 1);
    connects.abandoned(hanging);
    CHECK(connects.may_connect(now) == verdict::down);
}

TEST_CASE("one that hung through the outage and fails afterwards does not start another") {
    governor connects{usual, 1};
    const auto hanging = connects.begin();
    fail_once(connects, 0ns);
    connects.succeeded(connects.begin());
    CHECK(connects.may_connect(1s) == verdict::go);  // it does not take the ramp's one place either
    connects.failed(hanging, 60s);
    CHECK_FALSE(connects.is_down());
}

TEST_CASE("any success means up: of the prober, or of one that began before the outage") {
    for (const bool by_prober : {true, false}) {
        governor connects{wide, 1};
        const auto early = connects.begin();
        fail_once(connects, 0ns);
        const auto prober = connects.begin();
        connects.succeeded(by_prober ? prober : early);
        CHECK_FALSE(connects.is_down());
        CHECK(connects.may_connect(0ns) == verdict::go);
    }
}

TEST_CASE("after an outage one connects at first, and each success doubles how many may, up to the limit") {
    governor connects{wide, 1};
    fail_once(connects, 0ns);
    connects.succeeded(connects.begin());
    for (const std::size_t allowed : {1U, 2U, 4U, 5U, 5U}) {
        auto begun = begin_all(connects, 0ns);
        CHECK(begun.size() == allowed);
        connects.succeeded(begun.back());
        begun.pop_back();
        for (const auto one : begun) connects.abandoned(one);
    }
}

TEST_CASE("a success makes the next outage begin with a short wait again") {
    governor connects{usual, 1};
    auto now = 0ns;
    for (int i = 0; i < 50; ++i, now = connects.next_attempt()) fail_once(connects, now);
    connects.succeeded(connects.begin());
    fail_once(connects, now);
    CHECK(connects.next_attempt() <= now + 300ms);
}

TEST_CASE("a failure during the ramp means down again") {
    governor connects{wide, 1};
    fail_once(connects, 0ns);
    connects.succeeded(connects.begin());
    fail_once(connects, 10s);
    CHECK(connects.is_down());
    CHECK(connects.may_connect(10s) == verdict::down);
}

TEST_CASE("without a backoff it is never down, and keeps how many connect at once") {
    governor connects{{.max_connecting = 2, .backoff_cap = 30s}, 1};
    for (int i = 0; i < 100; ++i) {
        const auto begun = begin_all(connects, 0ns);
        REQUIRE(begun.size() == 2);
        for (const auto one : begun) connects.failed(one, 0ns);
        REQUIRE_FALSE(connects.is_down());
    }
}

TEST_CASE("a restart forgets the outage: one tries at once, and what failed before counts no more") {
    governor connects{wide, 1};
    for (int i = 0; i < 50; ++i) fail_once(connects, 0ns);
    const auto prober = connects.begin();
    connects.retry_now();
    CHECK_FALSE(connects.is_down());
    CHECK(begin_all(connects, 0ns).size() == 1);
    connects.failed(prober, 0ns);
    CHECK_FALSE(connects.is_down());

    governor again{wide, 1};
    for (int i = 0; i < 50; ++i) fail_once(again, 0ns);
    again.retry_now();
    fail_once(again, 0ns);
    CHECK(again.next_attempt() <= 300ms);  // not as if the outage had gone on
}

TEST_CASE("a restart of a pool whose backend is up changes nothing") {
    governor connects{wide, 1};
    const auto one = connects.begin();
    connects.retry_now();
    CHECK(begin_all(connects, 0ns).size() == 4);
    connects.failed(one, 0ns);
    CHECK(connects.is_down());
}

TEST_CASE("the time of the next attempt does not overflow") {
    governor connects{{.max_connecting = 1, .backoff_base = nanoseconds::max(), .backoff_cap = nanoseconds::max()}, 1};
    fail_once(connects, 1h);
    CHECK(connects.next_attempt() == nanoseconds::max());
}

TEST_CASE("whatever happens, no more connect than may, one of them as prober, and somebody always may") {
    pooly::test::dice dice{pooly::test::seed()};
    for (int round = 0; round < 200; ++round) {
        const auto limit = 1 + dice(4);
        governor connects{{.max_connecting = limit, .backoff_base = 100ms, .backoff_cap = 1s}, dice(1000)};
        std::vector<governor::attempt> begun;
        auto now = 0ns;
        for (int step = 0; step < 300; ++step) {
            now += 50ms;
            if (dice.one_in(50)) connects.retry_now();
            if (connects.may_connect(now) == verdict::go) begun.push_back(connects.begin());
            REQUIRE(begun.size() <= limit);
            REQUIRE(connects.connecting() == begun.size());
            if (begun.empty()) {  // nobody to wait for: one may, at once or at the time that is told
                const auto then = connects.is_down() ? connects.next_attempt() : now;
                REQUIRE(then <= now + 1s);
                REQUIRE(connects.may_connect(then) == verdict::go);
            } else if (!dice.one_in(3)) {
                const auto which = static_cast<std::ptrdiff_t>(dice(begun.size()));
                const auto one = begun[static_cast<std::size_t>(which)];
                begun.erase(begun.begin() + which);
                switch (dice(3)) {
                    case 0: connects.succeeded(one); break;
                    case 1: connects.failed(one, now); break;
                    default: connects.abandoned(one);
                }
            }
        }
    }
}

// A backend that goes away, told in the numbers of an incident. -------------------------------------------------------

namespace {

constexpr nanoseconds connect_time = 5ms;

struct incident {
    std::size_t attempts = 0;  ///< begun while the backend was away
    std::size_t most_at_once = 0;
    nanoseconds first_success{};  ///< since the backend was back
    nanoseconds filled{};         ///< since then, too: a pool of ten has all its workers
};

/// The backend is away for the first 30 s; somebody wants a worker all the time.
incident outage_of_30_s(nanoseconds cap, std::uint64_t seed) {
    constexpr nanoseconds away = 30s;
    governor connects{{.max_connecting = 2, .backoff_base = 100ms, .backoff_cap = cap}, seed};
    std::vector<std::pair<nanoseconds, governor::attempt>> under_way;  // by their ends
    incident told;
    std::size_t made = 0;
    for (auto now = 0ns; made < 10;) {
        while (connects.may_connect(now) == verdict::go) {
            under_way.emplace_back(now + connect_time, connects.begin());
            if (now < away) ++told.attempts;
        }
        told.most_at_once = std::max(told.most_at_once, under_way.size());
        if (under_way.empty()) {
            REQUIRE(connects.next_attempt() > now);
            now = connects.next_attempt();
            continue;
        }
        const auto [end, one] = under_way.front();
        under_way.erase(under_way.begin());
        now = end;
        if (now < away) {
            connects.failed(one, now);
            continue;
        }
        connects.succeeded(one);
        if (++made == 1) told.first_success = now - away;
        told.filled = now - away;
    }
    return told;
}

}  // namespace

// For any seed at all each wait is at least the base: 2 + 30 s / 100 ms = 302 attempts. Without a governor 12 000: two
// every 5 ms.
TEST_CASE(
    "bugs 20 and 27: a backend away for 30 s sees at most 50 attempts, and is found again within the cap of 30 s") {
    for (std::uint64_t seed = 0; seed < 1000; ++seed) {
        const auto told = outage_of_30_s(30s, seed);
        REQUIRE(told.attempts <= 50);
        REQUIRE(told.most_at_once <= 2);
        REQUIRE(told.first_success <= 30s + connect_time);
    }
}

TEST_CASE("bugs 20 and 27: with a cap of 1 s it sees at most 70 attempts, and is found again within that second") {
    for (std::uint64_t seed = 0; seed < 1000; ++seed) {
        const auto told = outage_of_30_s(1s, seed);
        REQUIRE(told.attempts <= 70);
        REQUIRE(told.most_at_once <= 2);
        REQUIRE(told.first_success <= 1s + connect_time);
    }
}

TEST_CASE("bug 27: once the backend is found again, all places are filled without another wait") {
    for (std::uint64_t seed = 0; seed < 1000; ++seed) {
        const auto told = outage_of_30_s(1s, seed);
        REQUIRE(told.filled - told.first_success == 5 * connect_time);  // the other nine: one, then two at a time
    }
}
