// SPDX-License-Identifier: MIT
#include <pooly/pool_options.hpp>

#include <chrono>
#include <limits>
#include <stdexcept>
#include <string>
#include <type_traits>

#include "support/catch.hpp"

using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using pooly::pool_options;

namespace {

static_assert(std::is_aggregate_v<pool_options>, "designated initialisers need one");
static_assert(!noexcept(pool_options{}.validate()));
static_assert(std::is_same_v<decltype(pool_options::checkout_timeout), std::chrono::nanoseconds>);
static_assert(std::is_same_v<decltype(pool_options::check_after_idle), std::chrono::nanoseconds>);

/// What `validate` says; nothing if it agrees.
std::string refusal(const pool_options& asked) {
    try {
        asked.validate();
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return {};
}

template <class Enum>
constexpr Enum none_of_them = static_cast<Enum>(77);

}  // namespace

TEST_CASE("every option has the default that is documented") {
    const pool_options given;
    CHECK(given.name.empty());
    CHECK(given.size == 5);
    CHECK(given.max_overflow == 0);
    CHECK(given.start == pooly::start_mode::eager);
    CHECK(given.checkout_timeout == 5s);
    CHECK(given.max_waiters == pool_options::unlimited);
    CHECK(given.order == pooly::idle_order::affine);
    CHECK(given.fairness == pooly::fairness_policy::strict_fifo);
    CHECK(given.barging_limit == 500us);
    CHECK(given.overflow_linger == 0s);
    CHECK(given.timing == pooly::timing_mode::coarse);
    CHECK(given.check_after_idle == 500ms);
    CHECK(given.health_interval == 30s);
    CHECK(given.check_timeout == 5s);
    CHECK(given.max_lifetime == 0s);
    CHECK(given.lifetime_jitter == 0.1);
    CHECK(given.min_idle == 0);
    CHECK(given.overdue_after == 0s);
    CHECK(given.on_overdue == pooly::overdue_action::report);
    CHECK(given.max_restarts == 5);
    CHECK(given.restart_window == 5s);
    CHECK(given.max_connecting == 2);
    CHECK(given.backoff_base == 100ms);
    CHECK(given.backoff_cap == 30s);
    CHECK(given.on_outage == pooly::outage_action::refuse);
    CHECK(given.observer == nullptr);
    CHECK(given.watchdog == nullptr);
}

TEST_CASE("the defaults are valid") { CHECK_NOTHROW(pool_options{}.validate()); }

TEST_CASE("options are set by name, in the order of their declaration") {
    const pool_options asked{.name = "db",
                             .size = 2,
                             .max_overflow = 3,
                             .start = pooly::start_mode::lazy,
                             .checkout_timeout = 1s,
                             .max_waiters = 10,
                             .order = pooly::idle_order::lifo,
                             .fairness = pooly::fairness_policy::bounded_barging,
                             .barging_limit = 5ms,
                             .timing = pooly::timing_mode::precise,
                             .check_after_idle = 2s};
    CHECK_NOTHROW(asked.validate());
    CHECK(asked.name == "db");
    CHECK(asked.check_after_idle == 2s);
}

TEST_CASE("an absurd size is refused by its name, which a negative number made unsigned is one of") {
    CHECK_THAT(refusal({.size = pool_options::max_places + 1}), ContainsSubstring("size must be at most"));
    CHECK_THAT(refusal({.size = static_cast<std::size_t>(-1)}), ContainsSubstring("size must be at most"));
    CHECK(refusal({.size = pool_options::max_places}).empty());
}

TEST_CASE("an absurd overflow is refused by its name, alone and together with the size") {
    CHECK_THAT(refusal({.size = 0, .max_overflow = pool_options::max_places + 1}), ContainsSubstring("max_overflow"));
    CHECK_THAT(refusal({.size = 1, .max_overflow = pool_options::max_places}), ContainsSubstring("max_overflow"));
    CHECK_THAT(refusal({.size = 5, .max_overflow = static_cast<std::size_t>(-1)}), ContainsSubstring("max_overflow"));
    CHECK(refusal({.size = 1, .max_overflow = pool_options::max_places - 1}).empty());
}

TEST_CASE("the number that is told as the limit is the limit") {
    CHECK_THAT(refusal({.size = pool_options::max_places + 1}),
               ContainsSubstring(std::to_string(pool_options::max_places)));
    CHECK_THAT(refusal({.max_overflow = pool_options::max_places}),
               ContainsSubstring(std::to_string(pool_options::max_places)));
}

TEST_CASE("a negative check-out timeout is refused by its name; zero and the longest are not") {
    CHECK_THAT(refusal({.checkout_timeout = -1ns}), ContainsSubstring("checkout_timeout must not be negative"));
    CHECK_THAT(refusal({.checkout_timeout = std::chrono::nanoseconds::min()}), ContainsSubstring("checkout_timeout"));
    CHECK(refusal({.checkout_timeout = 0ns}).empty());
    CHECK(refusal({.checkout_timeout = std::chrono::nanoseconds::max()}).empty());
}

TEST_CASE("any check_after_idle makes sense: never, always, or after a while") {
    CHECK(refusal({.check_after_idle = -1ns}).empty());
    CHECK(refusal({.check_after_idle = std::chrono::nanoseconds::min()}).empty());
    CHECK(refusal({.check_after_idle = 0ns}).empty());
    CHECK(refusal({.check_after_idle = std::chrono::nanoseconds::max()}).empty());
}

TEST_CASE("any number of places and waiters that could be meant is valid, none included") {
    CHECK(refusal({.size = 0, .max_overflow = 0}).empty());
    CHECK(refusal({.max_waiters = 0}).empty());
}

TEST_CASE("a value that is no enumerator is refused by its field's name") {
    CHECK_THAT(refusal({.start = none_of_them<pooly::start_mode>}), ContainsSubstring("start"));
    CHECK_THAT(refusal({.order = none_of_them<pooly::idle_order>}), ContainsSubstring("order"));
    CHECK_THAT(refusal({.fairness = none_of_them<pooly::fairness_policy>}), ContainsSubstring("fairness"));
    CHECK_THAT(refusal({.timing = none_of_them<pooly::timing_mode>}), ContainsSubstring("timing"));
    CHECK_THAT(refusal({.start = static_cast<pooly::start_mode>(-1)}), ContainsSubstring("start"));
    CHECK_THAT(refusal({.order = static_cast<pooly::idle_order>(-1)}), ContainsSubstring("order"));
    CHECK_THAT(refusal({.fairness = static_cast<pooly::fairness_policy>(-1)}), ContainsSubstring("fairness"));
    CHECK_THAT(refusal({.timing = static_cast<pooly::timing_mode>(-1)}), ContainsSubstring("timing"));
}

TEST_CASE("a refusal tells the field, what was given for it, and the pool's name if it has one") {
    CHECK(refusal({.size = 1048577}) == "pooly: size must be at most 1048576 (given 1048577)");
    CHECK(refusal({.name = "db", .size = 1048577}) ==
          "pooly: size must be at most 1048576 (given 1048577 for pool 'db')");
    CHECK(refusal({.name = "db", .size = 5, .max_overflow = 1048576}) ==
          "pooly: max_overflow must leave size + max_overflow at most 1048576 (given 5 + 1048576 for pool 'db')");
    CHECK(refusal({.name = "db", .checkout_timeout = -1us}) ==
          "pooly: checkout_timeout must not be negative (given -1 us for pool 'db')");
    CHECK(refusal({.name = "db", .start = none_of_them<pooly::start_mode>}) ==
          "pooly: start is no start_mode (given 77 for pool 'db')");
    CHECK(refusal({.checkout_timeout = std::chrono::nanoseconds::min()}) ==
          "pooly: checkout_timeout must not be negative (given -106751 d)");
    CHECK(refusal({.max_lifetime = 10s}) ==
          "pooly: max_lifetime must not be shorter than health_interval, which may be 0 (given 10 s and 30 s)");
    CHECK(refusal({.backoff_base = 2min}) ==
          "pooly: backoff_cap must not be shorter than backoff_base (given 30 s and 2 min)");
    CHECK(refusal({.order = none_of_them<pooly::idle_order>}) == "pooly: order is no idle_order (given 77)");
    CHECK(refusal({.fairness = none_of_them<pooly::fairness_policy>}) ==
          "pooly: fairness is no fairness_policy (given 77)");
    CHECK(refusal({.timing = none_of_them<pooly::timing_mode>}) == "pooly: timing is no timing_mode (given 77)");
}

// Supervision. --------------------------------------------------------------------------------------------------------

TEST_CASE("a negative interval is refused by its name, zero means off") {
    CHECK_THAT(refusal({.barging_limit = -1ns}), ContainsSubstring("barging_limit must not be negative"));
    CHECK_THAT(refusal({.overflow_linger = -1ns}), ContainsSubstring("overflow_linger must not be negative"));
    CHECK_THAT(refusal({.health_interval = -1ns}), ContainsSubstring("health_interval must not be negative"));
    CHECK_THAT(refusal({.check_timeout = -1ns}), ContainsSubstring("check_timeout must not be negative"));
    CHECK_THAT(refusal({.max_lifetime = -1ns}), ContainsSubstring("max_lifetime must not be negative"));
    CHECK_THAT(refusal({.overdue_after = -1ns}), ContainsSubstring("overdue_after must not be negative"));
    CHECK_THAT(refusal({.restart_window = -1ns}), ContainsSubstring("restart_window must not be negative"));
    CHECK_THAT(refusal({.backoff_base = -1ns}), ContainsSubstring("backoff_base must not be negative"));
    CHECK_THAT(refusal({.backoff_base = 0ns, .backoff_cap = -1ns}), ContainsSubstring("backoff_cap"));
    CHECK_THAT(refusal({.health_interval = std::chrono::nanoseconds::min()}), ContainsSubstring("health_interval"));
    CHECK(refusal({.overflow_linger = 0ns,
                   .health_interval = 0ns,
                   .check_timeout = 0ns,
                   .max_lifetime = 0ns,
                   .overdue_after = 0ns,
                   .restart_window = 0ns,
                   .backoff_base = 0ns,
                   .backoff_cap = 0ns})
              .empty());
}

TEST_CASE("options that contradict each other are refused by the name of the one to change") {
    CHECK_THAT(refusal({.health_interval = 30s, .max_lifetime = 29s}),
               ContainsSubstring("max_lifetime must not be shorter than health_interval"));
    CHECK(refusal({.health_interval = 30s, .max_lifetime = 30s}).empty());
    CHECK(refusal({.health_interval = 0s, .max_lifetime = 1ns}).empty());
    CHECK_THAT(refusal({.on_overdue = pooly::overdue_action::replace}), ContainsSubstring("on_overdue needs"));
    CHECK(refusal({.overdue_after = 1s, .on_overdue = pooly::overdue_action::replace}).empty());
    CHECK_THAT(refusal({.size = 2, .max_overflow = 1, .min_idle = 4}), ContainsSubstring("min_idle must be at most"));
    CHECK(refusal({.size = 2, .max_overflow = 1, .min_idle = 3}).empty());
    CHECK_THAT(refusal({.backoff_base = 2s, .backoff_cap = 1s}), ContainsSubstring("backoff_cap must not be shorter"));
}

TEST_CASE("a jitter is a share: at least nothing, less than all, and a number") {
    for (const double bad :
         {-0.001, 1.0, 2.0, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()})
        CHECK_THAT(refusal({.lifetime_jitter = bad}), ContainsSubstring("lifetime_jitter"));
    CHECK(refusal({.lifetime_jitter = 0.0}).empty());
    CHECK(refusal({.lifetime_jitter = 0.999}).empty());
}

TEST_CASE("limits of supervision that cannot be meant are refused by their names") {
    CHECK_THAT(refusal({.max_connecting = 0}), ContainsSubstring("max_connecting must be at least 1"));
    CHECK_THAT(refusal({.max_restarts = pool_options::max_places + 1}), ContainsSubstring("max_restarts"));
    CHECK(refusal({.max_restarts = 0}).empty());
    CHECK(refusal({.max_restarts = pool_options::unlimited}).empty());
    CHECK_THAT(refusal({.on_overdue = none_of_them<pooly::overdue_action>}), ContainsSubstring("on_overdue"));
    CHECK_THAT(refusal({.on_outage = none_of_them<pooly::outage_action>}), ContainsSubstring("on_outage"));
}
