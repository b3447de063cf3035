// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include <pooly/adapters/redis/connection.hpp>
#include <pooly/adapters/redis/detail/connecting.hpp>
#include <pooly/adapters/redis/options.hpp>
#include <pooly/create_context.hpp>

namespace pooly::redis {

/// Makes one connection. Throws `error` with hiredis' own message, or the server's, and `std::invalid_argument` for
/// options that make no sense.
/// Blocks: until the earlier of `connect_timeout` and the deadline of the context, and at most 10 ms longer than its
/// stop token says. Of several addresses it tries the first that does not refuse at once.
[[nodiscard]] inline connection connect(options how, const create_context& context = {}) {
    how.validate();
    return connection{detail::connect(how, context).release(), std::move(how)};
}

/// Makes the connections of a pool: `pooly::pool db{pooly::redis::factory{{.host = "cache.example"}}};`
class factory {
public:
    /// Throws `std::invalid_argument` naming what makes no sense; connects to nothing yet.
    explicit factory(options how) : how_{std::move(how)} { how_.validate(); }

    /// `connect`, by the deadline of whoever waits for the worker.
    [[nodiscard]] connection operator()(const create_context& context) const { return connect(how_, context); }

private:
    options how_;
};

}  // namespace pooly::redis
