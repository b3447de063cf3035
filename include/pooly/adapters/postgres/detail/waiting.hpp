// SPDX-License-Identifier: MIT
#pragma once

#include <libpq-fe.h>

#include <pooly/adapters/detail/waiting.hpp>
#include <pooly/detail/stop_token.hpp>

namespace pooly::postgres::detail {

using adapters::detail::after;
using adapters::detail::clock;
using adapters::detail::wake;

/// As that for a socket; what went wrong is told by libpq's next call.
[[nodiscard]] inline wake wait_for(const PGconn* handle, short events, clock::time_point deadline,
                                   const pooly::detail::stop_token& stop = {}) noexcept {
    return adapters::detail::wait_for(PQsocket(handle), events, deadline, stop);
}

}  // namespace pooly::postgres::detail
