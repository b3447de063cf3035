// SPDX-License-Identifier: MIT
#pragma once

#include <exception>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include <pooly/adapters/mysql.hpp>
#include <pooly/pooly.hpp>

#include "mysql/server.hpp"
#include "support/catch.hpp"
#include "support/pool_of_one.hpp"
#include "support/time_of.hpp"

namespace mysql_test {

using pooly::mysql::error;
using pooly::mysql::factory;
using db_pool = pooly::pool<connection>;

/// The first column of the first row, by the client's own functions.
[[nodiscard]] inline std::string text(const connection& worker, const std::string& sql) {
    MYSQL* const handle = worker.get();
    if (mysql_query(handle, sql.c_str()) != 0) throw std::runtime_error{mysql_error(handle)};
    const pooly::mysql::detail::result_owner rows{mysql_store_result(handle)};
    if (!rows) throw std::runtime_error{"there is no result"};
    const MYSQL_ROW row = mysql_fetch_row(rows.get());
    return row == nullptr || row[0] == nullptr ? std::string{} : row[0];
}
[[nodiscard]] inline int number(const connection& worker, const std::string& sql) {
    return std::stoi(text(worker, sql));
}
/// The server's own number for a connection.
[[nodiscard]] inline unsigned long id_of(const connection& worker) { return mysql_thread_id(worker.get()); }

[[nodiscard]] inline connection outsider() { return pooly::mysql::connect(server::shared().by_socket()); }

/// For `prepare`: an option file with one setting.
struct option_file {
    std::string setting;
    void operator()(MYSQL* handle) const {
        const auto path = server::shared().directory() + "/option_file";
        std::ofstream{path} << "[client]\n" << setting << '\n';
        mysql_options(handle, MYSQL_READ_DEFAULT_FILE, path.c_str());
    }
};

/// Returns when the server has ended the connection.
inline void end(connection& by, unsigned long id) {
    by.execute("kill " + std::to_string(id));
    const auto still_there = "select count(*) from information_schema.processlist where id = " + std::to_string(id);
    while (number(by, still_there) != 0) std::this_thread::yield();
}

/// Runs what must fail; anything but the adapter's own exception goes on to the test.
struct failing {
    unsigned code;
    std::string state;
    std::string message;
};
template <class Function>
[[nodiscard]] failing failure_in(Function&& function) {
    try {
        std::forward<Function>(function)();
    } catch (const error& caught) {
        return {caught.code(), std::string{caught.sqlstate()}, caught.what()};
    }
    return {0, "none", "it did not fail"};
}
[[nodiscard]] inline failing failure_of(const std::exception_ptr& cause) {
    return failure_in([&] {
        if (cause) std::rethrow_exception(cause);
    });
}

/// A pool of one connection and a connection beside it; and a table that is empty.
struct pool_of_one {
    explicit pool_of_one(options how = {}, pooly::pool_options kept = {})
        : outside{outsider()}, db{factory{server::shared().by_socket(std::move(how))}, as_one(std::move(kept))} {
        outside.execute("create or replace table t(a int primary key, b int) engine = innodb");
    }

    [[nodiscard]] int rows() const { return number(outside, "select count(*) from t"); }

    template <class Function>
    [[nodiscard]] bool same_after(Function&& make_dirty) {
        return pooly::test::same_after(db, id_of, std::forward<Function>(make_dirty));
    }

    connection outside;
    db_pool db;
};

}  // namespace mysql_test
