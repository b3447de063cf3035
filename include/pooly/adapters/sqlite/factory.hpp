// SPDX-License-Identifier: MIT
#pragma once

#include <sqlite3.h>

#include <string>
#include <utility>

#include <pooly/adapters/sqlite/connection.hpp>
#include <pooly/adapters/sqlite/detail/driver.hpp>
#include <pooly/adapters/sqlite/detail/opening.hpp>
#include <pooly/adapters/sqlite/options.hpp>
#include <pooly/create_context.hpp>

namespace pooly::sqlite {

/// Opens one connection. Throws what users of `Worker` expect of SQLite's failures (`error`, `SQLite::Exception`), and
/// `std::invalid_argument` for options that make no sense. Blocks while others hold locks that it needs, at most until
/// the earlier of `busy_timeout` and the deadline of the context.
template <class Worker = connection>
[[nodiscard]] Worker open(const std::string& path, const options& how = {}, const create_context& context = {}) {
    how.validate();
    detail::validate_path(path, how);
    if (sqlite3_threadsafe() == 0)
        detail::driver<Worker>::raise("SQLite was built for one thread only (SQLITE_THREADSAFE=0)", SQLITE_MISUSE);
    Worker opened = detail::driver<Worker>::open(path, detail::open_flags(how));
    detail::configure(opened, path, how, context);
    return opened;
}

/// Makes the connections of a pool:
/// `pooly::pool db{pooly::sqlite::factory<SQLite::Database>{"app.db", {.busy_timeout = 2s}}};`
template <class Worker = connection>
class factory {
public:
    /// The path is SQLite's: UTF-8, relative to the working directory of the moment of opening. Throws
    /// `std::invalid_argument` naming what makes no sense; opens nothing yet.
    explicit factory(std::string path, options how = {}) : path_{std::move(path)}, how_{how} {
        how_.validate();
        detail::validate_path(path_, how_);
    }

    /// `open`, by the deadline of whoever waits for the worker.
    [[nodiscard]] Worker operator()(const create_context& context) const { return open<Worker>(path_, how_, context); }

private:
    std::string path_;
    options how_;
};

factory(std::string)->factory<connection>;
factory(std::string, options)->factory<connection>;

}  // namespace pooly::sqlite
