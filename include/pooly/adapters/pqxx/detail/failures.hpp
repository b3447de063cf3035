// SPDX-License-Identifier: MIT
#pragma once

#include <exception>
#include <string>
#include <utility>

#include <pqxx/except>

#include <pooly/adapters/postgres/error.hpp>

namespace pooly::postgres::detail {

/// Calls what throws `error` and throws libpqxx's exception for it instead.
template <class Function>
auto in_terms_of_pqxx(const char* what, Function&& function) -> decltype(function()) {
    try {
        return std::forward<Function>(function)();
    } catch (const error& failure) {
        const std::string state{failure.sqlstate()};
        if (state == sqlstate::serialization_failure) throw ::pqxx::serialization_failure{failure.what()};
        if (state == sqlstate::deadlock_detected) throw ::pqxx::deadlock_detected{failure.what()};
        if (state == sqlstate::outcome_unknown) throw ::pqxx::in_doubt_error{failure.what()};
        if (state == sqlstate::connection_failure || state == sqlstate::cannot_connect)
            throw ::pqxx::broken_connection{failure.what()};
        throw ::pqxx::sql_error{failure.what(), what, state.c_str()};
    }
}

/// `is_transient`, of libpqxx's exceptions.
[[nodiscard]] inline bool is_transient_of_pqxx(const std::exception& failure) noexcept {
    return dynamic_cast<const ::pqxx::serialization_failure*>(&failure) != nullptr ||
           dynamic_cast<const ::pqxx::deadlock_detected*>(&failure) != nullptr;
}

}  // namespace pooly::postgres::detail
