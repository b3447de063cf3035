// SPDX-License-Identifier: MIT
#pragma once

#include <mysql.h>
#include <sys/socket.h>

#include <memory>

namespace pooly::mysql::detail {

struct finish {
    /// Never waits. The client says goodbye to the server, which would wait behind what a consumer sent it, for as long
    /// as a server that hangs makes it; so where something was going on the socket is shut down before.
    void operator()(MYSQL* handle) const noexcept {
        const auto socket = mysql_get_socket(handle);
        if (handle->status != MYSQL_STATUS_READY && socket != MARIADB_INVALID_SOCKET) ::shutdown(socket, SHUT_RDWR);
        mysql_close(handle);
    }
};
using handle_owner = std::unique_ptr<MYSQL, finish>;

struct free_result {
    void operator()(MYSQL_RES* rows) const noexcept { mysql_free_result(rows); }
};
using result_owner = std::unique_ptr<MYSQL_RES, free_result>;

}  // namespace pooly::mysql::detail
