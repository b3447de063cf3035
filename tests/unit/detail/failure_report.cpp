// SPDX-License-Identifier: MIT
#include <pooly/detail/failure_report.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <exception>
#include <future>
#include <locale>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>

#include <pooly/pool.hpp>

#include "support/catch.hpp"
#include "support/manual_clock.hpp"
#include "support/queued_consumer.hpp"
#include "support/unsupervised.hpp"
#include "support/waiting.hpp"

using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using pooly::errc;
using pooly::detail::failure_report;
using pooly::detail::humane;
using pooly::test::manual_clock;
using pooly::test::unsupervised;

namespace {

constexpr auto nested_sentence = "every worker is held by a thread that is itself waiting here";

auto broken() { return std::make_exception_ptr(std::runtime_error{"no route to host"}); }

/// The whole story of a check-out that fails.
template <class Pool>
std::string story_of(Pool& db, std::chrono::nanoseconds timeout = 0ns) {
    try {
        (void)db.checkout_for(timeout);
    } catch (const pooly::pool_error& error) {
        return error.what();
    }
    return "it got a worker";
}

/// A pool on a clock that stands still.
template <class Factory>
auto standing(Factory factory, const pooly::pool_options& options) {
    manual_clock::set(1h);
    return pooly::pool<int, manual_clock>{factory, options};
}

}  // namespace

// Exceptions. ---------------------------------------------------------------------------------------------------------

TEST_CASE("an exception is told by what it says, whatever it is") {
    CHECK(pooly::detail::text_of(broken()) == "no route to host");
    CHECK(pooly::detail::text_of(std::make_exception_ptr(42)) == "an exception that is no std::exception");
}

// The text, put together by hand. -------------------------------------------------------------------------------------

TEST_CASE("a report begins with the pool's name and the reason") {
    failure_report report;
    report.code = errc::closed;
    report.name = "db";
    CHECK_THAT(report.text(), Catch::Matchers::StartsWith("pooly: pool 'db': the pool is closed"));
}

TEST_CASE("a pool without a name is told as one") {
    failure_report report;
    report.code = errc::closed;
    CHECK_THAT(report.text(), Catch::Matchers::StartsWith("pooly: pool (unnamed): the pool is closed"));
}

TEST_CASE("each reason has a sentence, and a remedy of its own where one can help") {
    std::set<std::string> remedies;
    for (const auto code : {errc::timeout, errc::full, errc::closed, errc::cancelled, errc::failed, errc::suspended,
                            errc::overloaded, errc::backend_unavailable, errc::create_failed}) {
        failure_report report;
        report.code = code;
        report.limits = {1, 0};
        const auto text = report.text();
        CHECK_THAT(text, ContainsSubstring(make_error_code(code).message()));
        CHECK(text.back() == '.');
        CHECK_THAT(text, !ContainsSubstring(".."));
        remedies.insert(text.substr(text.find(". ")));
    }
    CHECK(remedies.size() == 9);
}

TEST_CASE("what was counted is told, and what is nothing is left out but for those who wait") {
    failure_report report;
    report.code = errc::full;
    report.limits = {4, 2};
    report.counted = true;
    report.status.in_use = 3;
    CHECK_THAT(report.text(), ContainsSubstring("; 3 in use of size 4 + overflow 2, 0 waiting"));
    report.status.idle = 1;
    report.status.making = 2;
    report.status.checking = 3;
    report.status.waiting = 4;
    CHECK_THAT(
        report.text(),
        ContainsSubstring("; 3 in use of size 4 + overflow 2, 1 idle, 2 being made, 3 being checked, 4 waiting"));
    report.limits = {4, 0};
    CHECK_THAT(report.text(), ContainsSubstring("; 3 in use of size 4, 1 idle"));
}

TEST_CASE("a cause is told right behind the reason, and then no earlier failure") {
    failure_report report;
    report.code = errc::create_failed;
    report.cause = report.last_error = broken();
    CHECK_THAT(report.text(), ContainsSubstring("a worker could not be made: no route to host"));
    CHECK_THAT(report.text(), !ContainsSubstring("last failure of the factory"));
}

TEST_CASE("an earlier failure of the factory is told with its age") {
    failure_report report;
    report.code = errc::timeout;
    report.last_error = broken();
    report.since_last_error = 3s;
    CHECK_THAT(report.text(), ContainsSubstring("; last failure of the factory, 3 s ago: no route to host"));
}

TEST_CASE("the remedy for a pool that has no place at all is to give it one") {
    failure_report report;
    report.counted = true;
    for (const auto code : {errc::full, errc::timeout}) {
        report.code = code;
        CHECK_THAT(report.text(), ContainsSubstring(". Give the pool a size or a max_overflow."));
    }
}

TEST_CASE("the limit of those who may wait is told where there is one, and its remedy whatever else is the case") {
    failure_report report;
    report.code = errc::overloaded;
    report.counted = true;
    report.limits = {1, 0};
    report.status.waiting = 3;
    CHECK_THAT(report.text(), ContainsSubstring(", 3 waiting. Send less work, raise max_waiters"));
    report.max_waiters = 3;
    CHECK_THAT(report.text(), ContainsSubstring(", 3 waiting of at most 3 (max_waiters). Send less work"));
    report.nested = true;
    CHECK_THAT(report.text(), ContainsSubstring(nested_sentence));
    CHECK_THAT(report.text(), ContainsSubstring(". Send less work, raise max_waiters"));
    report.limits = {0, 0};
    CHECK_THAT(report.text(), ContainsSubstring(". Send less work, raise max_waiters"));
}

TEST_CASE("the program's locale does not change how numbers are told") {
    struct grouped : std::numpunct<char> {
        char do_decimal_point() const override { return ','; }
        char do_thousands_sep() const override { return '.'; }
        std::string do_grouping() const override { return "\3"; }
    };
    struct in_force {
        std::locale before = std::locale::global(std::locale{std::locale::classic(), new grouped});
        ~in_force() { std::locale::global(before); }
    };
    const in_force locale;
    CHECK(humane(1500ms) == "1.5 s");
    CHECK(humane(60h) == "2.5 d");
    failure_report report;
    report.code = errc::full;
    report.counted = true;
    report.limits = {1234, 5678};
    report.longest.emplace().worker = 9012;
    CHECK_THAT(report.text(), ContainsSubstring("size 1234 + overflow 5678"));
    CHECK_THAT(report.text(), ContainsSubstring("worker 9012"));
}

TEST_CASE("a forked child is told to make a pool of its own") {
    const auto report = failure_report::without_counts(errc::closed, "db", 0ns);
    report->forked = true;
    const auto text = report->text();
    CHECK_THAT(text, ContainsSubstring("pool 'db': the pool is closed"));
    CHECK_THAT(text, ContainsSubstring("make a pool of its own after the fork"));
}

// The text as a pool tells it. ----------------------------------------------------------------------------------------

TEST_CASE("a timeout tells how long, how many, who holds a worker longest and from which line, and what to do") {
    auto db = standing([] { return 1; }, {.name = "db", .size = 2, .max_overflow = 1});
    const std::size_t which = GENERATE(0U, 1U);  // in whatever place it is
    std::array both{db.checkout(), db.checkout()};
    const auto line_of_first = __LINE__ - 1;
    both[1 - which].checkin();
    const auto first = std::move(both[which]);
    manual_clock::advance(90s);
    const auto others = pooly::test::on_another_thread([&] { return std::make_pair(db.checkout(), db.checkout()); });
    manual_clock::advance(30s);
    auto waiting = pooly::test::elsewhere([&] { return story_of(db, 5s); });
    pooly::test::wait_for_waiters(db);
    manual_clock::advance(5s);
    const auto story = waiting.get();
    CHECK_THAT(story, Catch::Matchers::StartsWith("pooly: pool 'db': timed out waiting for a worker after 5 s; "
                                                  "3 in use of size 2 + overflow 1, 1 waiting; "
                                                  "longest held: worker " +
                                                  std::to_string(first.info().id) + " for 2 min by thread "));
    CHECK_THAT(story, ContainsSubstring(", checked out at " + std::string{__FILE__} + ":" +
                                        std::to_string(line_of_first) + " (" + __func__ + ")"));
    CHECK_THAT(story, !ContainsSubstring(nested_sentence));
    CHECK_THAT(story,
               Catch::Matchers::EndsWith(
                   ". Hold workers for less time, look for a lease that is kept, or raise size or max_overflow."));
}

TEST_CASE("a check-out by a thread that holds all workers itself is told as nested") {
    auto db = standing([] { return 1; }, {.size = 2});
    const auto one = db.checkout();
    const auto two = db.checkout();
    const auto story = story_of(db);
    CHECK_THAT(story, ContainsSubstring(nested_sentence));
    CHECK_THAT(story, ContainsSubstring("Take one worker per thread at a time"));
}

TEST_CASE("two threads that hold one each and wait for another are told that they wait for each other") {
    pooly::pool db{[] { return 1; }, {.size = 2}};
    const auto mine = db.checkout();
    auto other = pooly::test::elsewhere([&] {
        const auto theirs = db.checkout();
        return db.try_checkout_for(1h).error();
    });
    pooly::test::wait_for_waiters(db);
    const auto story = story_of(db, 1ms);
    CHECK_THAT(story, ContainsSubstring(nested_sentence));
    CHECK_THAT(story, ContainsSubstring("2 waiting"));
    db.close();
    CHECK(other.get() == errc::closed);
}

TEST_CASE("a check-out is not told as nested while one worker is held by a thread that works") {
    pooly::pool db{[] { return 1; }, {.size = 2}};
    const auto mine = db.checkout();
    const auto theirs = pooly::test::on_another_thread([&] { return db.checkout(); });
    CHECK_THAT(story_of(db, 1ms), !ContainsSubstring(nested_sentence));
}

TEST_CASE("a factory that throws is told as the cause, not as a nested check-out") {
    bool fails = false;
    auto db = standing(
        [&]() -> int {
            if (fails) throw std::runtime_error{"no route to host"};
            return 1;
        },
        {.name = "db", .size = 1, .max_overflow = 1});
    const auto held = db.checkout();
    fails = true;
    const auto story = story_of(db);
    CHECK_THAT(story, ContainsSubstring("a worker could not be made: no route to host"));
    CHECK_THAT(story, !ContainsSubstring(nested_sentence));
    CHECK_THAT(story, ContainsSubstring("Mend the cause"));
}

TEST_CASE("a timeout tells the factory's last failure and how long ago it was") {
    bool fails = false;
    auto db = standing(
        [&]() -> int {
            if (fails) throw std::runtime_error{"no route to host"};
            return 1;
        },
        {.size = 2});
    const auto held = pooly::test::on_another_thread([&] { return db.checkout(); });
    fails = true;
    auto broken_one = db.checkout();
    broken_one.discard();  // and is not replaced
    db.resize(1, 0);
    manual_clock::advance(10s);
    const auto story = story_of(db);
    CHECK_THAT(story, ContainsSubstring("last failure of the factory, 10 s ago: no route to host"));
    CHECK_THAT(story, ContainsSubstring("Look at what the factory connects to"));
}

TEST_CASE("a factory that works again is not what a timeout sends one to look at") {
    bool fails = true;
    auto db = standing(
        [&]() -> int {
            if (fails) throw std::runtime_error{"no route to host"};
            return 1;
        },
        unsupervised({.size = 1, .start = pooly::start_mode::lazy}));
    CHECK(db.try_checkout().error() == errc::create_failed);
    fails = false;
    const auto held = pooly::test::on_another_thread([&] { return db.checkout(); });
    CHECK_THAT(story_of(db), ContainsSubstring("Hold workers for less time"));
}

TEST_CASE("a pool that has no place says so instead of waiting") {
    auto db = standing([] { return 1; }, {.name = "none", .size = 0});
    CHECK(story_of(db, 1h) ==
          "pooly: pool 'none': the pool has no place for a worker; 0 in use of size 0, 0 waiting. "
          "Give the pool a size or a max_overflow.");
}

TEST_CASE("a closed or suspended pool is told as that, whatever its size") {
    for (const std::size_t size : {0U, 1U}) {
        auto db = standing([] { return 1; }, {.size = size});
        db.suspend();
        const auto suspended = story_of(db);
        CHECK_THAT(suspended, ContainsSubstring("the pool is suspended"));
        CHECK_THAT(suspended, ContainsSubstring("Call resume(), or wait until the drain is over."));
        db.close();
        const auto closed = story_of(db);
        CHECK_THAT(closed, ContainsSubstring("the pool is closed"));
        CHECK_THAT(closed, ContainsSubstring("Close the pool after its last user, or make a new one."));
    }
}

TEST_CASE("a closed or suspended pool is not told as nested, though the caller holds all of it") {
    auto db = standing([] { return 1; }, {.size = 1});
    const auto held = db.checkout();
    db.suspend();
    CHECK_THAT(story_of(db), !ContainsSubstring(nested_sentence));
    db.close();
    CHECK_THAT(story_of(db), !ContainsSubstring(nested_sentence));
}

TEST_CASE("one who waits when the pool is closed is told how long he waited, though the pool may be gone") {
    manual_clock::set(1h);
    std::future<std::string> waiting;
    pooly::lease<int> held;
    {
        pooly::pool<int, manual_clock> db{[] { return 1; }, {.name = "db", .size = 1}};
        held = db.checkout();
        waiting = pooly::test::elsewhere([&] { return story_of(db, 1h); });
        pooly::test::wait_for_waiters(db);
        manual_clock::advance(7s);
    }
    CHECK(waiting.get() ==
          "pooly: pool 'db': the pool is closed; waited 7 s. "
          "Close the pool after its last user, or make a new one.");
}

TEST_CASE("one who finds too many waiting already is told how many, and how many may") {
    pooly::pool db{[] { return 1; }, {.size = 1, .max_waiters = 1}};
    const auto held = db.checkout();
    const pooly::test::queued_consumer waiting{db};
    const auto story = pooly::test::on_another_thread([&] { return story_of(db, 1h); });
    CHECK_THAT(story, ContainsSubstring("too many consumers are waiting already; 1 in use of size 1, "
                                        "1 waiting of at most 1 (max_waiters)"));
    CHECK_THAT(story, ContainsSubstring("raise max_waiters"));
}

#if defined(__cpp_lib_jthread)
TEST_CASE("one who gave up himself is told that nothing is wrong with the pool") {
    pooly::pool db{[] { return 1; }, {.size = 1}};
    const auto held = db.checkout();
    std::stop_source asker;
    asker.request_stop();
    try {
        (void)db.checkout(asker.get_token());
        FAIL("it got a worker");
    } catch (const pooly::pool_error& error) {
        CHECK_THAT(error.what(), ContainsSubstring("the wait for a worker was cancelled"));
    }
}
#endif
