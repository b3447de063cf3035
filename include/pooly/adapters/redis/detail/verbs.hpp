// SPDX-License-Identifier: MIT
#pragma once

#include <hiredis/hiredis.h>
#include <sys/time.h>

#include <chrono>
#include <string>

#include <pooly/adapters/redis/detail/conversation.hpp>
#include <pooly/adapters/redis/detail/settling.hpp>
#include <pooly/adapters/redis/error.hpp>
#include <pooly/adapters/redis/options.hpp>
#include <pooly/adapters/redis/reply.hpp>

/// What a pool asks of a connection, over the bare context. Each throws `error`, by its own deadline.
namespace pooly::redis::detail {

/// Runs a command to its end. Throws where the server says no.
[[nodiscard]] inline reply ask(redisContext* given, words command, std::chrono::milliseconds timeout) {
    const auto deadline = timeout > timeout.zero() ? after(timeout) : clock::time_point::max();
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

[[nodiscard]] inline bool healthy(redisContext* given, const options& how) {
    auto& context = standing(given);
    if (adapters::detail::look_at(context.fd) != sight::silent) return false;
    return how.health == health_check::status_only || is(*ask(given, {"PING"}, how.health_timeout), "PONG");
}

inline void begin(redisContext* given, const options& how) {
    if (!is(*ask(given, {"MULTI"}, how.reply_timeout), "OK")) give_up_out_of_step(*given);
}

/// EXEC is done only where the server answers by what each command came to.
inline reply commit(redisContext* given, const options& how) {
    auto& context = standing(given);
    if (adapters::detail::look_at(context.fd) == sight::ended)  // while it is certain that nothing was done
        throw error{failure::connection_lost, "the connection to the Redis server is lost"};
    reply answer;
    try {
        answer = say_at_the_end(context, {"EXEC"}, {.deadline = after(how.exec_timeout)});
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

inline void rollback(redisContext* given, const options& how) {
    const auto answer = say_at_the_end(standing(given), {"DISCARD"}, {.deadline = after(how.reply_timeout)});
    // "ERR DISCARD without MULTI" is as good: the work ended it, or EXEC did nothing.
    if (answer->type == REDIS_REPLY_ERROR && error_of(*answer).prefix() != "ERR") throw error_of(*answer);
    if (answer->type != REDIS_REPLY_ERROR && !is(*answer, "OK")) give_up_out_of_step(*given);
}

inline void bound_commands(redisContext& context, std::chrono::milliseconds timeout) {
    using std::chrono::seconds;
    const auto whole = std::chrono::duration_cast<seconds>(timeout);
    const timeval limit{static_cast<time_t>(whole.count()),
                        static_cast<suseconds_t>(std::chrono::microseconds{timeout - whole}.count())};
    if (redisSetTimeout(&context, limit) != REDIS_OK) throw error_of(context);
}

/// For work that failed half way; leaves the rest to the reset.
inline void surrender(redisContext* given, const options& how) {
    run(standing(given), {{{"DISCARD"}, step::answer::refusable}, {{"UNWATCH"}}},
        {.deadline = after(how.reply_timeout)});
}

inline void reset(redisContext* given, const options& how) {
    auto& context = usable(given);
    bound_commands(context, how.command_timeout);
    if (how.reset != reset_mode::nothing)
        run(context, cleaning_steps(how), {.deadline = after(how.reply_timeout)});
    else if (adapters::detail::look_at(standing(given).fd) != sight::silent)
        give_up_out_of_step(context);
}

}  // namespace pooly::redis::detail
