// SPDX-License-Identifier: MIT
#pragma once

#include <hiredis/hiredis.h>

#include <array>
#include <stdexcept>
#include <string>
#include <string_view>

namespace pooly::redis {

/// What went wrong, as far as one would do something else about it.
enum class failure {
    refused,          ///< the server said no to a command; `error::prefix()` says which no
    cannot_connect,   ///< the server could not be reached, or said no to the connection
    connection_lost,  ///< or of no more use: late, or out of step with its replies
    conflict,         ///< EXEC did nothing, since somebody changed what was watched; a retry is likely to succeed
    partly_done,      ///< a command of an EXEC failed, and the others were done: Redis undoes nothing
    outcome_unknown,  ///< nobody knows whether an EXEC was done
};

/// What a `connection` throws: Redis' own words, or hiredis', or those of this adapter where neither had any.
class error : public std::runtime_error {
public:
    error(failure kind, const std::string& message, std::string_view prefix = {})
        : std::runtime_error{message}, kind_{kind}, length_{prefix.copy(prefix_.data(), prefix_.size())} {}

    [[nodiscard]] failure kind() const noexcept { return kind_; }

    /// The word with which the server began its error, `WRONGTYPE`, `NOAUTH`, `ERR`, cut off behind 31 characters;
    /// empty where it was none of the server's.
    [[nodiscard]] std::string_view prefix() const noexcept { return {prefix_.data(), length_}; }

private:
    failure kind_;
    std::array<char, 31> prefix_{};  // in place: copying an exception must not throw
    std::size_t length_;
};

namespace detail {

/// A failure that the server told.
[[nodiscard]] inline error error_of(const redisReply& answer, failure kind = failure::refused) {
    const std::string message{answer.str, answer.len};
    return {kind, message, std::string_view{message}.substr(0, message.find(' '))};
}

/// A failure of the connection itself, for which hiredis has words.
[[nodiscard]] inline error error_of(const redisContext& context, failure kind = failure::connection_lost) {
    return {kind, context.errstr[0] != '\0' ? context.errstr : "the connection to the Redis server is lost"};
}

}  // namespace detail

}  // namespace pooly::redis
