// SPDX-License-Identifier: MIT
#pragma once

#include <libpq-fe.h>

#include <pqxx/connection>
#include <pqxx/version>

#if PQXX_VERSION_MAJOR != 6
#error "pooly/adapters/pqxx.hpp is made for libpqxx 6"
#endif

namespace pooly::postgres::detail {

// libpqxx 6 shows the handle to its own classes only, and has no call of its own that keeps a deadline. The names in an
// explicit instantiation are not checked for access; the one that it defines is found through its argument alone.
struct pqxx_handle {
    friend PGconn* handle_of(pqxx_handle, const ::pqxx::connection_base& of);
};

template <auto Getter>
struct pqxx_access {
    friend PGconn* handle_of(pqxx_handle, const ::pqxx::connection_base& of) { return (of.*Getter)(); }
};

template struct pqxx_access<&::pqxx::connection_base::raw_connection>;

}  // namespace pooly::postgres::detail
