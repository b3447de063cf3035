// SPDX-License-Identifier: MIT
#include <pooly/pool_event.hpp>

#include <chrono>
#include <cstddef>
#include <locale>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <variant>

#include "support/catch.hpp"

using namespace std::chrono_literals;
namespace events = pooly::events;
using pooly::pool_event;

namespace {

static_assert(std::is_copy_constructible_v<pool_event> && std::is_nothrow_move_constructible_v<pool_event> &&
                  std::is_nothrow_move_assignable_v<pool_event>,
              "an event is a value");
static_assert(noexcept(std::declval<const pool_event&>().as<events::failed>()));

std::string told(events::any what) {
    return to_string(pool_event{std::make_shared<const std::string>("db"), 1, {}, std::move(what)});
}

std::string here() {
    std::ostringstream out;
    out << std::this_thread::get_id();
    return out.str();
}

/// Worker 7, lent to this thread.
pooly::holder_info holder(std::chrono::nanoseconds held) {
    return {7, std::this_thread::get_id(), {"ledger.cpp", "transfer", 118}, {}, held};
}

/// Each kind of event once.
template <std::size_t... I>
std::set<std::string> each_kind(std::index_sequence<I...>) {
    return {told(std::variant_alternative_t<I, events::any>{})...};
}

/// Makes the locale of all that asks for none write 1234.5 as 1_234;5.
class foreign_locale {
public:
    foreign_locale() : before_{std::locale::global(std::locale{std::locale::classic(), new foreign})} {}
    foreign_locale(const foreign_locale&) = delete;
    foreign_locale& operator=(const foreign_locale&) = delete;
    ~foreign_locale() { std::locale::global(before_); }

private:
    struct foreign : std::numpunct<char> {
        char do_thousands_sep() const override { return '_'; }
        char do_decimal_point() const override { return ';'; }
        std::string do_grouping() const override { return "\3"; }
    };
    std::locale before_;
};

}  // namespace

TEST_CASE("an event gives what happened to whoever names its type, and null to others") {
    const pool_event event{nullptr, 1, {}, events::failed{6, 5s}};
    REQUIRE(event.as<events::failed>() != nullptr);
    CHECK(event.as<events::failed>()->deaths == 6);
    CHECK(event.as<events::restarted>() == nullptr);
}

TEST_CASE("each kind of event has a text of its own") {
    constexpr auto kinds = std::variant_size_v<events::any>;
    CHECK(each_kind(std::make_index_sequence<kinds>{}).size() == kinds);
}

TEST_CASE("an event of a pool without a name says so") {
    const auto unnamed = "pool (unnamed): restarted as generation 2";
    CHECK(to_string(pool_event{nullptr, 1, {}, events::restarted{2}}) == unnamed);
    CHECK(to_string(pool_event{std::make_shared<const std::string>(), 1, {}, events::restarted{2}}) == unnamed);
}

TEST_CASE("an overdue lease is told with its holder, and so is its return") {
    CHECK(told(events::overdue{holder(31s)}) == "pool 'db': worker 7 overdue: held for 31 s by thread " + here() +
                                                    ", checked out at ledger.cpp:118 (transfer)");
    CHECK(told(events::restored{holder(45s)}) == "pool 'db': worker 7 is back: was held for 45 s by thread " + here() +
                                                     ", checked out at ledger.cpp:118 (transfer)");
}

TEST_CASE("the life of a worker is told") {
    CHECK(told(events::created{7, 2, 12ms}) == "pool 'db': worker 7 made in 12 ms, generation 2");
    CHECK(told(events::checked_out_late{7, 2s, std::this_thread::get_id(), {"ledger.cpp", "transfer", 118}}) ==
          "pool 'db': worker 7 lent late: thread " + here() + " waited 2 s at ledger.cpp:118 (transfer)");
    CHECK(told(events::discarded{7, events::death::unhealthy}) == "pool 'db': worker 7 destroyed: unhealthy");
    CHECK(told(events::discarded{7, events::death::reset_failed, "still open"}) ==
          "pool 'db': worker 7 destroyed: its reset failed: still open");
    CHECK(told(events::discarded{7, events::death::discarded, "", {"ledger.cpp", "transfer", 118}}) ==
          "pool 'db': worker 7 destroyed: discarded by its holder; last lent at ledger.cpp:118 (transfer)");
    CHECK(told(events::replaced{9, 7}) == "pool 'db': worker 9 takes the place of worker 7");
    CHECK(told(events::retired{7, events::retirement::expired, 30min, 12}) ==
          "pool 'db': worker 7 retired: expired, after 30 min and 12 uses");
    CHECK(told(events::retired{7, events::retirement::surplus, 1s, 1}) ==
          "pool 'db': worker 7 retired: surplus, after 1 s and 1 use");
}

TEST_CASE("the life of a pool is told") {
    CHECK(told(events::shed{pooly::errc::overloaded, 12, {"ledger.cpp", "transfer", 118}}) ==
          "pool 'db': turned a consumer away: too many consumers are waiting already, 12 waiting, "
          "asked at ledger.cpp:118 (transfer)");
    CHECK(told(events::shed{pooly::errc::backend_unavailable, 0, {"ledger.cpp", "transfer", 118}, 1999}) ==
          "pool 'db': turned 1999 consumers away: the backend of the workers is unavailable, 0 waiting, "
          "asked at ledger.cpp:118 (transfer)");
    CHECK(told(events::failed{6, 5s, 250ms}) == "pool 'db': failed: 6 workers died within 5 s, restarted in 250 ms");
    CHECK(told(events::failed{6, 5s, std::nullopt}) == "pool 'db': failed: 6 workers died within 5 s");
    CHECK(told(events::failed{1, 5s, std::nullopt}) == "pool 'db': failed: 1 worker died within 5 s");
    CHECK(told(events::restarted{2}) == "pool 'db': restarted as generation 2");
    CHECK(told(events::stuck{"healthy", 7, 20s}) == "pool 'db': healthy is stuck on worker 7 for 20 s");
    CHECK(told(events::stuck{"factory", 0, 20s}) == "pool 'db': factory is stuck for 20 s");
    CHECK(told(events::backend_down{"no route to host", 120ms}) ==
          "pool 'db': backend down, no attempt for 120 ms: no route to host");
    CHECK(told(events::backend_up{31s}) == "pool 'db': backend up again after 31 s");
}

TEST_CASE("each reason has a text of its own") {
    using events::death;
    using events::retirement;
    std::set<std::string> texts;
    for (const auto reason : {death::discarded, death::unhealthy, death::reset_failed, death::rollback_failed})
        texts.emplace(to_string(reason));
    for (const auto reason :
         {retirement::surplus, retirement::expired, retirement::outdated, retirement::closed, retirement::late})
        texts.emplace(to_string(reason));
    CHECK(texts.size() == 9);
    CHECK(texts.count("unknown") == 0);
    CHECK(to_string(static_cast<death>(99)) == "unknown");
    CHECK(to_string(static_cast<retirement>(99)) == "unknown");
}

TEST_CASE("a line stays one line, whatever a name or a cause holds") {
    const pool_event event{std::make_shared<const std::string>("a\nb"),
                           1,
                           {},
                           events::backend_down{"no\r\nroute\tto\x7fhost \xc3\xbc", 1s}};
    CHECK(to_string(event) == "pool 'a b': backend down, no attempt for 1 s: no  route to host \xc3\xbc");
}

TEST_CASE("the text is the same in every locale") {
    const events::any all[] = {events::created{1'234'567, 1234, 12ms}, events::overdue{holder(31s)},
                               events::shed{pooly::errc::full, 1234, {"a", "f", 1234}},
                               events::failed{1234, 5s, std::nullopt}};
    for (const auto& what : all) {
        const auto expected = told(what);
        const foreign_locale elsewhere;
        CHECK(told(what) == expected);
    }
}
