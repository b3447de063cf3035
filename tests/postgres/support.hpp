// SPDX-License-Identifier: MIT
#pragma once

#include <libpq-fe.h>

#include <chrono>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include <pooly/adapters/postgres.hpp>
#include <pooly/pooly.hpp>

#include "postgres/server.hpp"
#include "support/catch.hpp"
#include "support/pool_of_one.hpp"
#include "support/time_of.hpp"

namespace postgres_test {

using pooly::postgres::connection;
using pooly::postgres::error;
using pooly::postgres::factory;
using pooly::postgres::options;
using db_pool = pooly::pool<connection>;

/// The first column of the first row.
[[nodiscard]] inline std::string text(const connection& worker, const std::string& sql) {
    const pooly::postgres::detail::result_owner answer{PQexec(worker.get(), sql.c_str())};
    if (PQresultStatus(answer.get()) != PGRES_TUPLES_OK) throw std::runtime_error{PQerrorMessage(worker.get())};
    if (PQntuples(answer.get()) == 0) return {};
    return PQgetvalue(answer.get(), 0, 0);
}
[[nodiscard]] inline int number(const connection& worker, const std::string& sql) {
    return std::stoi(text(worker, sql));
}
[[nodiscard]] inline int backend_of(const connection& worker) { return PQbackendPID(worker.get()); }

[[nodiscard]] inline connection outsider() { return pooly::postgres::connect(server::shared().connection_string()); }

/// Returns when the server has ended the connection.
inline void end(const connection& by, int backend) {
    (void)text(by, "select pg_terminate_backend(" + std::to_string(backend) + ", 10000)");
}

/// Runs what must fail; anything but the adapter's own exception goes on to the test.
struct failure {
    std::string state;
    std::string message;
};
template <class Function>
[[nodiscard]] failure failure_in(Function&& function) {
    try {
        std::forward<Function>(function)();
    } catch (const error& caught) {
        return {std::string{caught.sqlstate()}, caught.what()};
    }
    return {"none", "it did not fail"};
}
[[nodiscard]] inline failure failure_of(const std::exception_ptr& cause) {
    return failure_in([&] {
        if (cause) std::rethrow_exception(cause);
    });
}

/// A pool of one connection, so that the next consumer gets the one that the last left behind, and a connection beside
/// it; and a table that is empty.
struct pool_of_one {
    explicit pool_of_one(const options& how = {}, pooly::pool_options kept = {})
        : outside{outsider()}, db{factory{server::shared().connection_string(), how}, as_one(std::move(kept))} {
        outside.execute("set client_min_messages = error; drop table if exists t; create table t(a int)");
    }

    [[nodiscard]] int rows() const { return number(outside, "select count(*) from t"); }

    connection outside;
    db_pool db;
};

}  // namespace postgres_test
