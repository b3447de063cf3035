// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include <pooly/adapters/mysql/connection.hpp>
#include <pooly/adapters/mysql/detail/connecting.hpp>
#include <pooly/adapters/mysql/options.hpp>
#include <pooly/create_context.hpp>

namespace pooly::mysql {

/// Makes one connection. Throws `error` with the client's own message, or the server's, and `std::invalid_argument` for
/// options that make no sense.
/// Blocks: until the earlier of `connect_timeout` and the deadline of the context, and at most 10 ms longer than its
/// stop token says.
[[nodiscard]] inline connection connect(options how, const create_context& context = {}) {
    how.validate();
    return connection{detail::connect(how, context).release(), std::move(how)};
}

/// Makes the connections of a pool:
/// `pooly::pool db{pooly::mysql::factory{{.host = "db.example", .user = "app", .database = "app"}}};`
class factory {
public:
    /// Throws `std::invalid_argument` naming what makes no sense; connects to nothing yet.
    explicit factory(options how) : how_{std::move(how)} { how_.validate(); }

    /// `connect`, by the deadline of whoever waits for the worker.
    [[nodiscard]] connection operator()(const create_context& context) const { return connect(how_, context); }

private:
    options how_;
};

}  // namespace pooly::mysql
