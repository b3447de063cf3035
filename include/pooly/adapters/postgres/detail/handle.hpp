// SPDX-License-Identifier: MIT
#pragma once

#include <libpq-fe.h>

#include <memory>

#include <pooly/adapters/detail/goodbye.hpp>

namespace pooly::postgres::detail {

struct finish {
    /// Never waits.
    void operator()(PGconn* handle) const noexcept {
        adapters::detail::make_goodbye_wait_for_nobody(PQsocket(handle));
        PQfinish(handle);
    }
};
using handle_owner = std::unique_ptr<PGconn, finish>;

struct clear {
    void operator()(PGresult* answer) const noexcept { PQclear(answer); }
};
using result_owner = std::unique_ptr<PGresult, clear>;

}  // namespace pooly::postgres::detail
