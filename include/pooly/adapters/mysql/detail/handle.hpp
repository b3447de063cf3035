// SPDX-License-Identifier: MIT
#pragma once

#include <mysql.h>
#include <poll.h>
#include <sys/socket.h>

#include <memory>

#include <pooly/adapters/detail/waiting.hpp>

namespace pooly::mysql::detail {

struct finish {
    /// Never waits. The client says goodbye to the server, and would wait until there is room for that, for as long as
    /// a server that hangs does not take what a consumer sent it; so then the socket is shut down before.
    void operator()(MYSQL* handle) const noexcept {
        using namespace adapters::detail;
        const auto socket = mysql_get_socket(handle);
        if (socket != MARIADB_INVALID_SOCKET && wait_for(socket, POLLOUT, clock::now()) != wake::ready)
            ::shutdown(socket, SHUT_RDWR);
        mysql_close(handle);
    }
};
using handle_owner = std::unique_ptr<MYSQL, finish>;

struct free_result {
    void operator()(MYSQL_RES* rows) const noexcept { mysql_free_result(rows); }
};
using result_owner = std::unique_ptr<MYSQL_RES, free_result>;

}  // namespace pooly::mysql::detail
