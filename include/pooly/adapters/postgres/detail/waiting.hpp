// SPDX-License-Identifier: MIT
#pragma once

#include <libpq-fe.h>

#include <pooly/adapters/detail/waiting.hpp>
#include <pooly/detail/clock_source.hpp>

namespace pooly::postgres::detail {

using adapters::detail::clock;
using adapters::detail::patience;
using adapters::detail::wake;
using pooly::detail::steady_deadline;

/// As that for a socket; what went wrong is told by libpq's next call.
[[nodiscard]] inline wake wait_for(const PGconn* handle, short events, const patience& until) noexcept {
    return adapters::detail::wait_for(PQsocket(handle), events, until);
}

}  // namespace pooly::postgres::detail
