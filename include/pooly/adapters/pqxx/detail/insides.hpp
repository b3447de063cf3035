// SPDX-License-Identifier: MIT
#pragma once

#include <libpq-fe.h>

#include <pqxx/connection>
#include <pqxx/transaction_base>
#include <pqxx/version>

#if PQXX_VERSION_MAJOR != 6
#error "pooly/adapters/pqxx.hpp is made for libpqxx 6"
#endif

namespace pooly::postgres::detail {

// libpqxx 6 shows these to its own classes only, has no call of its own that keeps a deadline, lets no transaction
// begin before the last one is gone, takes any answer to COMMIT for a yes, and remembers what was set. The names in an
// explicit instantiation are not checked for access; what it defines is found through its argument alone.
struct pqxx_insides {
    friend PGconn* handle_of(pqxx_insides, const ::pqxx::connection_base& of);
    friend void forget_variables(pqxx_insides, ::pqxx::connection_base& of);
    /// Null where there is none.
    friend ::pqxx::transaction_base* transaction_of(pqxx_insides, const ::pqxx::connection_base& of);
    friend void end_aborted(pqxx_insides, ::pqxx::transaction_base& one) noexcept;
    /// Whether it has said anything to the server.
    friend bool has_begun(pqxx_insides, const ::pqxx::transaction_base& one);
};

template <auto Handle, auto Transaction, auto Variables, auto Status, auto Nascent, auto Aborted, auto End>
struct pqxx_access {
    friend PGconn* handle_of(pqxx_insides, const ::pqxx::connection_base& of) { return (of.*Handle)(); }
    friend void forget_variables(pqxx_insides, ::pqxx::connection_base& of) { (of.*Variables).clear(); }
    friend ::pqxx::transaction_base* transaction_of(pqxx_insides, const ::pqxx::connection_base& of) {
        return (of.*Transaction).get();
    }
    friend void end_aborted(pqxx_insides, ::pqxx::transaction_base& one) noexcept {
        one.*Status = Aborted;
        (one.*End)();
    }
    friend bool has_begun(pqxx_insides, const ::pqxx::transaction_base& one) { return one.*Status != Nascent; }
};

template struct pqxx_access<&::pqxx::connection_base::raw_connection, &::pqxx::connection_base::m_trans,
                            &::pqxx::connection_base::m_vars, &::pqxx::transaction_base::m_status,
                            ::pqxx::transaction_base::st_nascent, ::pqxx::transaction_base::st_aborted,
                            &::pqxx::transaction_base::End>;

/// The transaction that is open on it, if any, counts as aborted and is known to it no more. Nothing is said to the
/// server, as `abort` would; which does nothing at all once a commit has failed.
inline void end_transaction(const ::pqxx::connection_base& on) noexcept {
    if (auto* const left = transaction_of(pqxx_insides{}, on)) end_aborted(pqxx_insides{}, *left);
}

}  // namespace pooly::postgres::detail
