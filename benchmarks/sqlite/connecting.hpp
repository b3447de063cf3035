// SPDX-License-Identifier: MIT
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>
#include <pooly/adapters/sqlite.hpp>

#include <chrono>
#include <string>

namespace bench {

/// All writers want SQLite's one write lock, so the busy timeout is long.
[[nodiscard]] inline pooly::sqlite::factory<SQLite::Database> connections_to(const std::string& file) {
    return pooly::sqlite::factory<SQLite::Database>{
        file, {.synchronous = pooly::sqlite::sync_mode::normal, .busy_timeout = std::chrono::seconds{60}}};
}

}  // namespace bench
