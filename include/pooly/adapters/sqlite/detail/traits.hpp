// SPDX-License-Identifier: MIT
#pragma once

#include <sqlite3.h>

#include <pooly/adapters/sqlite/detail/driver.hpp>
#include <pooly/adapters/sqlite/detail/verbs.hpp>

namespace pooly::sqlite::detail {

/// `worker_traits` of every owner that has a driver.
template <class Worker>
struct traits {
    [[nodiscard]] static bool healthy(Worker& worker) noexcept { return detail::healthy(handle_of(worker)); }
    static void reset(Worker& worker) { check(worker, detail::reset(handle_of(worker))); }
    static void begin(Worker& worker) { check(worker, detail::begin(handle_of(worker))); }
    static void commit(Worker& worker) { check(worker, detail::commit(handle_of(worker))); }
    static void rollback(Worker& worker) { check(worker, detail::rollback(handle_of(worker))); }

private:
    [[nodiscard]] static sqlite3* handle_of(const Worker& worker) noexcept { return driver<Worker>::handle_of(worker); }
};

}  // namespace pooly::sqlite::detail
