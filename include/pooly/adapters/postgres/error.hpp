// SPDX-License-Identifier: MIT
#pragma once

#include <libpq-fe.h>

#include <array>
#include <stdexcept>
#include <string>
#include <string_view>

namespace pooly::postgres {

/// The SQLSTATEs that this adapter tells apart or makes itself; the others are in PostgreSQL's manual, appendix A.
namespace sqlstate {

inline constexpr std::string_view cannot_connect = "08001";
inline constexpr std::string_view connection_failure = "08006";
inline constexpr std::string_view outcome_unknown = "08007";  ///< nobody knows whether a commit was done
inline constexpr std::string_view transaction_open = "25001";
inline constexpr std::string_view no_transaction = "25P01";
inline constexpr std::string_view transaction_aborted = "25P02";
inline constexpr std::string_view serialization_failure = "40001";
inline constexpr std::string_view deadlock_detected = "40P01";

}  // namespace sqlstate

/// What a `connection` throws: PostgreSQL's own message and SQLSTATE, or those of this adapter where the server said
/// nothing.
class error : public std::runtime_error {
public:
    error(const std::string& message, std::string_view sqlstate)
        : std::runtime_error{message}, length_{sqlstate.copy(sqlstate_.data(), sqlstate_.size())} {}

    /// Five characters; empty only where a server sent none, or another number.
    [[nodiscard]] std::string_view sqlstate() const noexcept { return {sqlstate_.data(), length_}; }

private:
    std::array<char, 5> sqlstate_{};  // in place: copying an exception must not throw
    std::size_t length_;
};

namespace detail {

/// libpq ends its messages with a line end, which is none of a `what()`'s business.
[[nodiscard]] inline std::string without_line_end(std::string message) {
    while (!message.empty() && message.back() == '\n') message.pop_back();
    return message;
}

/// A failure that the server told.
[[nodiscard]] inline error error_of(const PGresult* answer) {
    const char* const state = PQresultErrorField(answer, PG_DIAG_SQLSTATE);
    return {without_line_end(PQresultErrorMessage(answer)), state != nullptr ? state : sqlstate::connection_failure};
}

/// A failure of the connection itself, for which libpq has words but no SQLSTATE.
[[nodiscard]] inline error error_of(const PGconn* handle, std::string_view state = sqlstate::connection_failure) {
    auto message = without_line_end(PQerrorMessage(handle));
    return {message.empty() ? "the connection to the PostgreSQL server is lost" : message, state};
}

}  // namespace detail

}  // namespace pooly::postgres
