// SPDX-License-Identifier: MIT
#include <chrono>
#include <stdexcept>
#include <string>

#include "sqlite/support.hpp"

using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using pooly::sqlite::factory;
using pooly::sqlite::options;
using pooly::sqlite::sync_mode;

TEST_CASE("the default options of a SQLite connection make sense") { REQUIRE_NOTHROW(options{}.validate()); }

TEST_CASE("a senseless option of a SQLite connection is refused by name") {
    REQUIRE_THROWS_AS((options{.busy_timeout = -1ms}.validate()), std::invalid_argument);
    REQUIRE_THROWS_WITH((options{.busy_timeout = -1ms}.validate()),
                        "pooly: busy_timeout must not be negative (given -1 ms)");
    REQUIRE_THROWS_WITH((options{.busy_timeout = std::chrono::milliseconds::max()}.validate()),
                        "pooly: busy_timeout must be at most 2147483647 ms (given 9223372036854775807 ms)");
    REQUIRE_THROWS_WITH((options{.synchronous = static_cast<sync_mode>(4)}.validate()),
                        "pooly: synchronous is no sync_mode (given 4)");
    REQUIRE_NOTHROW(options{.busy_timeout = 0ms}.validate());
    REQUIRE_NOTHROW(options{.busy_timeout = 2147483647ms}.validate());
}

TEMPLATE_TEST_CASE("a factory refuses bad input before it opens anything", "", POOLY_BOTH_WORKERS) {
    REQUIRE_THROWS_AS((factory<TestType>{""}), std::invalid_argument);
    REQUIRE_THROWS_WITH((factory<TestType>{""}), ContainsSubstring("pooly: path must not be empty"));
    REQUIRE_THROWS_WITH((factory<TestType>{std::string{"a\0b", 3}}), "pooly: path must not contain a zero byte");
    REQUIRE_THROWS_WITH((factory<TestType>{"app.db", {.busy_timeout = -1ms}}),
                        "pooly: busy_timeout must not be negative (given -1 ms)");
    REQUIRE_THROWS_WITH((factory<TestType>{":memory:"}), ContainsSubstring("pooly: wal must be off for :memory:"));
    REQUIRE_NOTHROW(factory<TestType>{":memory:", {.wal = false}});
    REQUIRE_NOTHROW(factory<TestType>{"no/such/directory/app.db"});  // it may be there when a connection is wanted
}

TEMPLATE_TEST_CASE("opening refuses the same input", "", POOLY_BOTH_WORKERS) {
    REQUIRE_THROWS_AS(pooly::sqlite::open<TestType>(""), std::invalid_argument);
    REQUIRE_THROWS_AS(pooly::sqlite::open<TestType>("app.db", {.busy_timeout = -1ms}), std::invalid_argument);
}
