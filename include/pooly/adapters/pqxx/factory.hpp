// SPDX-License-Identifier: MIT
#pragma once

#include <libpq-fe.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include <pooly/adapters/postgres/detail/connecting.hpp>
#include <pooly/adapters/postgres/options.hpp>
#include <pooly/adapters/pqxx/connection.hpp>
#include <pooly/create_context.hpp>

namespace pooly::postgres {

namespace detail {

/// One setting as it stands in a connection string, whatever is in it.
[[nodiscard]] inline std::string quoted(std::string_view name, std::string_view value) {
    std::string text{name};
    text += "='";
    for (const char each : value) {
        if (each == '\'' || each == '\\') text += '\\';
        text += each;
    }
    return text + "' ";
}

/// The connection string with our settings where it has none of its own, and a `connect_timeout` in whole seconds: all
/// that libpqxx takes.
[[nodiscard]] inline std::string completed(const std::string& given, const options& how,
                                           std::chrono::milliseconds left) {
    using std::chrono::seconds;
    std::string text;
    for (const auto& each : settings_of(how)) text += quoted(each.name, each.value);
    auto limit = std::max(seconds{1}, std::chrono::ceil<seconds>(left));
    const settings_owner parsed{PQconninfoParse(given.c_str(), nullptr), PQconninfoFree};
    for (const auto* each = parsed.get(); each != nullptr && each->keyword != nullptr; ++each) {
        if (each->val == nullptr) continue;
        if (std::string_view{each->keyword} != "connect_timeout")
            text += quoted(each->keyword, each->val);
        else if (const seconds theirs{std::atoi(each->val)}; theirs > theirs.zero())
            limit = std::min(limit, theirs);
    }
    return text + quoted("connect_timeout", std::to_string(limit.count()));
}

}  // namespace detail

/// Makes the connections of a pool: `pooly::pool db{pooly::postgres::pqxx_factory{"host=db.example dbname=app"}};`
class pqxx_factory {
public:
    /// As that of `factory`.
    explicit pqxx_factory(std::string connection_string, const options& how = {})
        : connection_string_{std::move(connection_string)}, how_{how} {
        how_.validate();
        detail::validate_connection_string(connection_string_);
    }

    /// Throws `pqxx::broken_connection` with libpq's own message. Blocks: until the earlier of `connect_timeout` and
    /// the deadline of the context, rounded up to a whole second, two at least; it heeds a stop token while the host's
    /// name is resolved, and in `check_on_create`.
    [[nodiscard]] pqxx_connection operator()(const create_context& context) const {
        using std::chrono::milliseconds;
        const auto begun = detail::clock::now();
        const auto known = detail::settings_in_force(connection_string_);
        const detail::patience until{
            .deadline = std::min(begun + detail::timeout_of(known, how_.connect_timeout), context.deadline),
            .stop = context.stop};
        detail::in_terms_of_pqxx("connect", [&] { detail::await_resolution(known, until); });
        const auto left = std::chrono::ceil<milliseconds>(until.deadline - detail::clock::now());
        return pqxx_connection{detail::completed(connection_string_, how_, left), how_, until};
    }

private:
    std::string connection_string_;
    options how_;
};

}  // namespace pooly::postgres
