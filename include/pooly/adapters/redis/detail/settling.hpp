// SPDX-License-Identifier: MIT
#pragma once

#include <hiredis/hiredis.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <pooly/adapters/detail/unique_word.hpp>
#include <pooly/adapters/redis/detail/conversation.hpp>
#include <pooly/adapters/redis/error.hpp>
#include <pooly/adapters/redis/options.hpp>
#include <pooly/adapters/redis/reply.hpp>

/// Bringing a connection to where the options want it: when it is new, and after each use.
namespace pooly::redis::detail {

/// One command of several that are sent together, and what may be said to it.
struct step {
    enum class answer {
        required,   ///< `expected`
        refusable,  ///< the same, or an error: there is nothing to do where the server says no
        messages,   ///< none but the messages of a subscription's end, however many
    };

    std::vector<std::string> command;
    answer wanted = answer::required;
    std::string expected = "OK";
};

/// What a subscriber is told, which is an answer to no command. (As a RESP3 push it never gets here.)
[[nodiscard]] inline bool is_of_a_subscription(const redisReply& answer) noexcept {
    if (answer.type != REDIS_REPLY_ARRAY || answer.elements < 3) return false;
    constexpr std::array<std::string_view, 9> kinds{"message",     "pmessage",     "smessage",
                                                    "subscribe",   "psubscribe",   "ssubscribe",
                                                    "unsubscribe", "punsubscribe", "sunsubscribe"};
    for (const auto kind : kinds)
        if (is(*answer.element[0], kind)) return true;
    return false;
}

/// Runs all of the steps in one round trip. Whatever the last user left unread stands before the answers and is found
/// by them, or at the latest by the word at the end.
inline void run(redisContext& context, std::vector<step> steps, const patience& until) {
    const auto end = adapters::detail::unique_word();
    steps.push_back({{"ECHO", end}, step::answer::required, end});
    std::string all;
    for (const auto& each : steps) append_formatted(all, each.command);
    send(context, all, until);
    for (const auto& each : steps) {
        if (each.wanted == step::answer::messages) continue;
        auto answer = receive(context, until);
        while (is_of_a_subscription(*answer)) answer = receive(context, until);
        if (answer->type == REDIS_REPLY_ERROR) {
            if (each.wanted == step::answer::refusable) continue;
            throw error_of(*answer);
        }
        if (!is(*answer, each.expected)) give_up_out_of_step(context);
    }
}

inline void add_login(std::vector<step>& steps, const options& how) {
    if (how.password.empty()) return;
    std::vector<std::string> command{"AUTH"};
    if (!how.username.empty()) command.push_back(how.username);
    command.push_back(how.password);
    steps.push_back({std::move(command)});
}

inline void add_database(std::vector<step>& steps, int database) {
    steps.push_back({{"SELECT", std::to_string(database)}});
}

inline void add_name(std::vector<step>& steps, const std::string& name) {
    steps.push_back({{"CLIENT", "SETNAME", name}});
}

/// Of a connection that has no state yet.
inline void add_settings(std::vector<step>& steps, const options& how) {
    add_login(steps, how);
    if (how.database != 0) add_database(steps, how.database);
    if (!how.client_name.empty()) add_name(steps, how.client_name);
}

/// For a new connection: a server that is not well, or none of Redis' kind, is found out here.
[[nodiscard]] inline std::vector<step> first_steps(const options& how) {
    std::vector<step> steps;
    add_settings(steps, how);
    steps.push_back({{"PING"}, step::answer::required, "PONG"});
    return steps;
}

[[nodiscard]] inline std::vector<step> cleaning_steps(const options& how) {
    std::vector<step> steps;
    if (how.reset == reset_mode::reset_command) {
        steps.push_back({{"RESET"}, step::answer::required, "RESET"});
        add_settings(steps, how);
        return steps;
    }
    steps.push_back({{"DISCARD"}, step::answer::refusable});  // to a subscriber, too
    steps.push_back({{"UNSUBSCRIBE"}, step::answer::messages});
    steps.push_back({{"PUNSUBSCRIBE"}, step::answer::messages});
    steps.push_back({{"UNWATCH"}});
    add_database(steps, how.database);
    add_name(steps, how.client_name);
    return steps;
}

}  // namespace pooly::redis::detail
