// SPDX-License-Identifier: MIT
#pragma once

#include <hiredis/hiredis.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <chrono>
#include <string>

#include <pooly/adapters/detail/unique_word.hpp>
#include <pooly/adapters/redis/detail/conversation.hpp>
#include <pooly/adapters/redis/detail/settling.hpp>
#include <pooly/adapters/redis/error.hpp>
#include <pooly/adapters/redis/options.hpp>
#include <pooly/adapters/redis/reply.hpp>

/// What a pool asks of a connection, over the bare context. Each throws `error`, by its own deadline.
namespace pooly::redis::detail {

/// Runs a command to its end. Throws where the server says no.
[[nodiscard]] inline reply ask(redisContext* given, words command, std::chrono::milliseconds timeout) {
    const auto deadline = timeout > timeout.zero() ? steady_deadline(timeout) : clock::time_point::max();
    auto answer = say(standing(given), command, {.deadline = deadline});
    if (answer->type == REDIS_REPLY_ERROR) throw error_of(*answer);
    return answer;
}

/// As `say`, within a transaction, in which a consumer sent commands and did not wait for what was said to them.
[[nodiscard]] inline reply say_at_the_end(redisContext& context, words command, const patience& until) {
    auto answer = say(context, command, until);
    while (is(*answer, "QUEUED")) answer = receive(context, until);
    return answer;
}

inline void refuse_if_ended(const redisContext& context) {
    if (adapters::detail::look_at(context.fd) == sight::ended)
        throw error{failure::connection_lost, "the connection to the Redis server is lost"};
}
inline void refuse_unless_silent(const redisContext& context) {
    refuse_if_ended(context);
    if (adapters::detail::look_at(context.fd) != sight::silent) give_up_out_of_step(context);
}

/// Says no without a reason only where the server answers a PING by something else.
[[nodiscard]] inline bool healthy(redisContext* given, const options& how) {
    refuse_unless_silent(standing(given));
    return how.health == health_check::status_only || is(*ask(given, {"PING"}, how.health_timeout), "PONG");
}

inline void begin(redisContext* given, const options& how) {
    const patience until{.deadline = steady_deadline(how.reply_timeout)};
    auto& context = standing(given);
    const auto word = adapters::detail::unique_word();
    std::string both;
    append_formatted(both, words{"ECHO", word});  // an "OK" that nobody has read stands before it
    append_formatted(both, words{"MULTI"});
    send(context, both, until);
    const auto echoed = receive(context, until);
    const auto begun = receive(context, until);
    const bool inside = is(*echoed, "QUEUED");  // of another one, in which MULTI is refused
    if ((inside || is(*echoed, word)) && begun->type == REDIS_REPLY_ERROR) throw error_of(*begun);
    if (echoed->type == REDIS_REPLY_ERROR && !is(*begun, word)) {  // refused itself, with MULTI taken or not
        ::shutdown(context.fd, SHUT_RDWR);
        throw error_of(*echoed);
    }
    if (!is(*echoed, word) || !is(*begun, "OK")) give_up_out_of_step(context);
}

/// EXEC is done only where the server answers by what each command came to.
inline reply commit(redisContext* given, const options& how) {
    auto& context = standing(given);
    refuse_if_ended(context);  // while it is certain that nothing was done
    reply answer;
    try {
        answer = say_at_the_end(context, {"EXEC"}, {.deadline = steady_deadline(how.exec_timeout)});
    } catch (const error& told) {
        throw error{failure::outcome_unknown,
                    std::string{"nobody knows whether the transaction was done: "} + told.what()};
    }
    switch (answer->type) {
        case REDIS_REPLY_ARRAY: break;
        case REDIS_REPLY_NIL:
            throw error{failure::conflict, "the transaction was not done: somebody else changed what it watches"};
        case REDIS_REPLY_ERROR: throw error_of(*answer);
        default: give_up_out_of_step(context, failure::outcome_unknown);
    }
    for (std::size_t each = 0; each < answer->elements; ++each)
        if (answer->element[each]->type == REDIS_REPLY_ERROR)
            throw error_of(*answer->element[each], failure::partly_done);
    return answer;
}

/// Whatever was begun with MULTI or WATCH is not done.
inline void rollback(redisContext* given, const options& how) {
    const patience until{.deadline = steady_deadline(how.reply_timeout)};
    auto& context = standing(given);
    auto answer = say_at_the_end(context, {"DISCARD"}, until);
    // "ERR DISCARD without MULTI": there was none yet, the work ended it, or EXEC did nothing.
    if (answer->type == REDIS_REPLY_ERROR && error_of(*answer).prefix() == "ERR")
        answer = say(context, {"UNWATCH"}, until);
    if (answer->type == REDIS_REPLY_ERROR) throw error_of(*answer);
    if (!is(*answer, "OK")) give_up_out_of_step(context);
}

inline void bound_commands(redisContext& context, std::chrono::milliseconds timeout) {
    using std::chrono::seconds;
    const auto whole = std::chrono::duration_cast<seconds>(timeout);
    const timeval limit{static_cast<time_t>(whole.count()),
                        static_cast<suseconds_t>(std::chrono::microseconds{timeout - whole}.count())};
    if (redisSetTimeout(&context, limit) != REDIS_OK) throw error_of(context);
}

inline void reset(redisContext* given, const options& how) {
    auto& context = usable(given);
    bound_commands(context, how.command_timeout);
    if (how.reset != reset_mode::nothing)
        run(context, cleaning_steps(how), {.deadline = steady_deadline(how.reply_timeout)});
    else
        refuse_unless_silent(standing(given));
}

}  // namespace pooly::redis::detail
