// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <utility>

#include <pooly/adapters/postgres/connection.hpp>
#include <pooly/adapters/postgres/detail/connecting.hpp>
#include <pooly/adapters/postgres/options.hpp>
#include <pooly/create_context.hpp>

namespace pooly::postgres {

/// Makes one connection. Throws `error` with libpq's own message, and `std::invalid_argument` for options or
/// a connection string that make no sense.
/// Blocks: until the earlier of `connect_timeout` and the deadline of the context, and at most 10 ms longer than its
/// stop token says; but libpq looks for a Kerberos ticket, and asks the resolver again about a name that has an
/// address, or about those of several hosts, for as long as the system does. Of several hosts, one that says nothing
/// takes all of the time.
[[nodiscard]] inline connection connect(const std::string& connection_string, const options& how = {},
                                        const create_context& context = {}) {
    how.validate();
    detail::validate_connection_string(connection_string);
    return connection{detail::connect(connection_string, how, context).release(), how};
}

/// Makes the connections of a pool:
/// `pooly::pool db{pooly::postgres::factory{"host=db.example dbname=app", {.access = access_mode::read_only}}};`
class factory {
public:
    /// The connection string is libpq's, `key=value ...` or `postgresql://...`; what it leaves out comes from the
    /// environment, as ever. Throws `std::invalid_argument` naming what makes no sense; connects to nothing yet.
    explicit factory(std::string connection_string, const options& how = {})
        : connection_string_{std::move(connection_string)}, how_{how} {
        how_.validate();
        detail::validate_connection_string(connection_string_);
    }

    /// `connect`, by the deadline of whoever waits for the worker.
    [[nodiscard]] connection operator()(const create_context& context) const {
        return connect(connection_string_, how_, context);
    }

private:
    std::string connection_string_;
    options how_;
};

}  // namespace pooly::postgres
