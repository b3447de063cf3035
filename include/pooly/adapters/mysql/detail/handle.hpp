// SPDX-License-Identifier: MIT
#pragma once

#include <mysql.h>

#include <memory>

#include <pooly/adapters/detail/goodbye.hpp>

namespace pooly::mysql::detail {

struct finish {
    /// Never waits.
    void operator()(MYSQL* handle) const noexcept {
        adapters::detail::make_goodbye_wait_for_nobody(static_cast<int>(mysql_get_socket(handle)));
        mysql_close(handle);
    }
};
using handle_owner = std::unique_ptr<MYSQL, finish>;

struct free_result {
    void operator()(MYSQL_RES* rows) const noexcept { mysql_free_result(rows); }
};
using result_owner = std::unique_ptr<MYSQL_RES, free_result>;

}  // namespace pooly::mysql::detail
