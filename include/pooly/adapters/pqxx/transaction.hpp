// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <exception>
#include <type_traits>
#include <utility>

#include <pqxx/transaction>

#include <pooly/adapters/postgres/transaction.hpp>
#include <pooly/adapters/postgres/transient.hpp>
#include <pooly/adapters/pqxx/connection.hpp>
#include <pooly/adapters/pqxx/detail/failures.hpp>
#include <pooly/adapters/retry_policy.hpp>
#include <pooly/call_site.hpp>
#include <pooly/pool.hpp>

namespace pooly::postgres {

template <>
struct detail::failures_of<pqxx_connection> {
    [[nodiscard]] static bool is_transient(const std::exception& failure) noexcept {
        return is_transient_of_pqxx(failure) || postgres::is_transient(failure);
    }
};

/// Runs `work(Transaction&)` in one of libpqxx's own transactions on a connection of the pool, commits it, and returns
/// what it returned; once more while it fails by a serialization failure or a deadlock. For another isolation level:
/// `transaction<pqxx::transaction<pqxx::serializable>>(db, work)`. Blocks and throws: as that for other connections.
template <class Transaction = ::pqxx::work, class Clock, std::invocable<Transaction&> Work>
requires(!std::invocable<Work, pqxx_connection&>) std::invoke_result_t<Work&, Transaction&> transaction(
    pool<pqxx_connection, Clock>& from, Work&& work, const retry_policy& policy = {},
    const call_site& where = call_site::current()) {
    using result_type = std::invoke_result_t<Work&, Transaction&>;
    return detail::retry<pqxx_connection>(policy, [&]() -> result_type {
        const auto lease = from.checkout(where);
        Transaction open{*lease};
        if constexpr (std::is_void_v<result_type>) {
            work(open);
            open.commit();
        } else {
            result_type result = work(open);
            open.commit();
            return std::forward<result_type>(result);
        }
    });
}

}  // namespace pooly::postgres
