// SPDX-License-Identifier: MIT
#include <pooly/detail/timestamp.hpp>

#include <chrono>

#include "support/catch.hpp"

using namespace std::chrono_literals;
using pooly::detail::timestamp;
using std::chrono::sys_days;

TEST_CASE("a timestamp is ISO 8601 in UTC") {
    CHECK(timestamp({}) == "1970-01-01T00:00:00.000Z");
    CHECK(timestamp(sys_days{2024y / 2 / 29} + 23h + 59min + 59s + 999ms) == "2024-02-29T23:59:59.999Z");
    CHECK(timestamp(sys_days{2001y / 9 / 9} + 1h + 46min + 40s) == "2001-09-09T01:46:40.000Z");  // 10^9 s
}

TEST_CASE("a timestamp is rounded down, before 1970 too") {
    CHECK(timestamp(sys_days{2024y / 1 / 2} + 999'999ns) == "2024-01-02T00:00:00.000Z");
    CHECK(timestamp(sys_days{1970y / 1 / 1} - 1ns) == "1969-12-31T23:59:59.999Z");
}
