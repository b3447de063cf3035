// SPDX-License-Identifier: MIT
#pragma once

#include <libpq-fe.h>
#include <sys/socket.h>

#include <memory>

namespace pooly::postgres::detail {

struct finish {
    /// Never waits. libpq says goodbye to the server, and would first send what a consumer left in its buffer, for as
    /// long as a server that hangs makes it; so where something was going on the socket is shut down before.
    void operator()(PGconn* handle) const noexcept {
        if (PQtransactionStatus(handle) == PQTRANS_ACTIVE && PQsocket(handle) >= 0)
            ::shutdown(PQsocket(handle), SHUT_RDWR);
        PQfinish(handle);
    }
};
using handle_owner = std::unique_ptr<PGconn, finish>;

struct clear {
    void operator()(PGresult* answer) const noexcept { PQclear(answer); }
};
using result_owner = std::unique_ptr<PGresult, clear>;

}  // namespace pooly::postgres::detail
