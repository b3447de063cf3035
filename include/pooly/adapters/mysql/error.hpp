// SPDX-License-Identifier: MIT
#pragma once

#include <mysql.h>

#include <array>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>

namespace pooly::mysql {

/// The error numbers that this adapter tells apart or makes itself. Those from 2000 to 2999 and from 5000 to 5999 are
/// the client's, the others the server's.
namespace code {

inline constexpr unsigned record_changed = 1020;  ///< where `innodb_snapshot_isolation` is on
inline constexpr unsigned server_shutdown = 1053;
inline constexpr unsigned lock_wait_timeout = 1205;
inline constexpr unsigned deadlock = 1213;
inline constexpr unsigned connection_killed = 1927;
inline constexpr unsigned unknown_host = 2005;
inline constexpr unsigned server_gone = 2006;
inline constexpr unsigned server_lost = 2013;

}  // namespace code

/// The SQLSTATEs that this adapter makes itself.
namespace sqlstate {

inline constexpr std::string_view connection_failure = "08006";
inline constexpr std::string_view outcome_unknown = "08007";  ///< nobody knows whether a commit was done
inline constexpr std::string_view no_transaction = "25000";
inline constexpr std::string_view transaction_open = "25001";

}  // namespace sqlstate

/// What a `connection` throws: the server's or the client's own message, number and SQLSTATE, or those of this adapter
/// where neither said anything.
class error : public std::runtime_error {
public:
    error(unsigned code, std::string_view sqlstate, const std::string& message)
        : std::runtime_error{message}, code_{code}, length_{sqlstate.copy(sqlstate_.data(), sqlstate_.size())} {}

    /// `mysql_errno`; 0 where this adapter found the failure.
    [[nodiscard]] unsigned code() const noexcept { return code_; }
    /// Five characters; `HY000` says that there is no other.
    [[nodiscard]] std::string_view sqlstate() const noexcept { return {sqlstate_.data(), length_}; }

private:
    unsigned code_;
    std::array<char, 5> sqlstate_{};  // in place: copying an exception must not throw
    std::size_t length_;
};

/// Whether a transaction failed for no fault of its own, and is likely to succeed if it is run again from its start: by
/// a deadlock, a lock that another one held for too long, or a record that another one changed.
[[nodiscard]] inline bool is_transient(const std::exception& failure) noexcept {
    const auto* const ours = dynamic_cast<const error*>(&failure);
    const auto told = ours != nullptr ? ours->code() : 0;
    return told == code::deadlock || told == code::lock_wait_timeout || told == code::record_changed;
}

namespace detail {

[[nodiscard]] inline error error_of(MYSQL* handle) {
    return {mysql_errno(handle), mysql_sqlstate(handle), mysql_error(handle)};
}

/// The connection ended before the server said yes or no.
[[nodiscard]] inline bool is_of_the_connection(unsigned told) noexcept {
    const auto thousands = told / 1000;
    return thousands == 2 || thousands == 5 || told == code::connection_killed || told == code::server_shutdown;
}

}  // namespace detail

}  // namespace pooly::mysql
