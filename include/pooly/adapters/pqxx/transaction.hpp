// SPDX-License-Identifier: MIT
#pragma once

#include <libpq-fe.h>

#include <concepts>
#include <exception>
#include <type_traits>
#include <utility>

#include <pqxx/dbtransaction>
#include <pqxx/transaction>

#include <pooly/adapters/postgres/detail/conversation.hpp>
#include <pooly/adapters/postgres/detail/verbs.hpp>
#include <pooly/adapters/postgres/transaction.hpp>
#include <pooly/adapters/postgres/transient.hpp>
#include <pooly/adapters/pqxx/connection.hpp>
#include <pooly/adapters/pqxx/detail/failures.hpp>
#include <pooly/adapters/pqxx/detail/insides.hpp>
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

namespace detail {

/// Reads what a stream or a pipeline has left unread, as COMMIT would in libpqxx's hands.
inline void read_to_the_end(PGconn* handle) {
    for (auto left = receive(handle, {}); left && !begins_copy(left.get()); left = receive(handle, {})) continue;
}

/// libpqxx takes any answer for a yes, also that of a transaction in which a statement failed or that its work ended.
template <class Transaction>
void commit_of_pqxx(const pqxx_connection& worker, Transaction& open) {
    in_terms_of_pqxx("commit", [&] {
        auto* const handle = handle_of(pqxx_insides{}, worker);
        read_to_the_end(handle);
        if (std::derived_from<Transaction, ::pqxx::dbtransaction> && has_begun(pqxx_insides{}, open))
            refuse_unless_open(handle);
        if (standing(handle) == PQTRANS_INERROR) tell_rolled_back();
    });
    open.commit();
}

}  // namespace detail

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
            detail::commit_of_pqxx(*lease, open);
        } else {
            result_type result = work(open);
            detail::commit_of_pqxx(*lease, open);
            return std::forward<result_type>(result);
        }
    });
}

}  // namespace pooly::postgres
