// SPDX-License-Identifier: MIT
#pragma once

#include <hiredis/hiredis.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <initializer_list>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>

#include <pooly/adapters/detail/sight.hpp>
#include <pooly/adapters/detail/waiting.hpp>
#include <pooly/adapters/redis/error.hpp>
#include <pooly/adapters/redis/reply.hpp>
#include <pooly/detail/clock_source.hpp>

namespace pooly::redis::detail {

using adapters::detail::clock;
using adapters::detail::patience;
using adapters::detail::sight;
using adapters::detail::wake;
using pooly::detail::steady_deadline;

/// A command, as words of any bytes.
using words = std::initializer_list<std::string_view>;

[[nodiscard]] inline redisContext& open(redisContext* context) {
    if (context == nullptr) throw error{failure::connection_lost, "the connection is closed"};
    if (context->err != 0) throw error_of(*context);
    return *context;
}

/// What is said to the connection from here on would be answered by something else: nobody shall take that for his.
[[noreturn]] inline void give_up(const redisContext& context, failure kind, const char* why) {
    ::shutdown(context.fd, SHUT_RDWR);
    throw error{kind, why};
}
[[noreturn]] inline void give_up_out_of_step(const redisContext& context, failure kind = failure::connection_lost) {
    give_up(context, kind, "the connection has replies that nobody has read");
}

inline void await(const redisContext& context, short events, const patience& until) {
    switch (adapters::detail::wait_for(context.fd, events, until)) {
        case wake::ready: return;
        case wake::late:
            give_up(context, failure::connection_lost, "timed out waiting for an answer of the Redis server");
        case wake::stopped:
            give_up(context, failure::connection_lost, "gave up waiting for an answer of the Redis server");
    }
}

/// As it goes over the wire.
template <class Words>
void append_formatted(std::string& to, const Words& command) {
    to += '*' + std::to_string(std::size(command)) + "\r\n";
    for (const std::string_view word : command) {
        to += '$' + std::to_string(word.size()) + "\r\n";
        to += word;
        to += "\r\n";
    }
}

/// The reply that came already, if one did.
[[nodiscard]] inline reply parse(redisContext& context) {
    while (true) {
        void* answer = nullptr;
        if (redisReaderGetReply(context.reader, &answer) != REDIS_OK)
            throw error{failure::connection_lost, context.reader->errstr};
        reply next{static_cast<redisReply*>(answer)};
#ifdef REDIS_REPLY_PUSH
        if (next && next->type == REDIS_REPLY_PUSH) continue;  // an answer to nothing
#endif
        return next;
    }
}

/// The next reply, waited for.
[[nodiscard]] inline reply receive(redisContext& context, const patience& until) {
    while (true) {
        if (auto next = parse(context)) return next;
        await(context, POLLIN, until);
        if (redisBufferRead(&context) != REDIS_OK) throw error_of(context);  // once: what is there
    }
}

/// A server that closes a connection may have said why before.
[[noreturn]] inline void tell_last_words(redisContext& context, int reason) {
    const auto last = redisBufferRead(&context) == REDIS_OK ? parse(context) : nullptr;
    if (last && last->type == REDIS_REPLY_ERROR) throw error_of(*last);
    throw error{failure::connection_lost, std::generic_category().message(reason)};
}

/// Not by hiredis, which would wait as long as the server likes, and end the process by a SIGPIPE where it is gone.
inline void send(redisContext& context, std::string_view text, const patience& until) {
    while (!text.empty()) {
        const auto sent = ::send(context.fd, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0)
            text.remove_prefix(static_cast<std::size_t>(sent));
        else if (errno == EAGAIN || errno == EWOULDBLOCK)
            await(context, POLLOUT, until);
        else if (errno != EINTR)
            tell_last_words(context, errno);
    }
}

/// The context, where something can be done with it but to destroy it.
[[nodiscard]] inline redisContext& usable(redisContext* given) {
    auto& context = open(given);
    if ((context.obuf != nullptr && *context.obuf != '\0') || context.reader->err != 0)
        throw error{failure::connection_lost, "the connection is in the middle of a command"};
    return context;
}

/// The same, where nothing is known to stand before what would be said to a command.
[[nodiscard]] inline redisContext& standing(redisContext* given) {
    auto& context = usable(given);
    if (context.reader->pos != context.reader->len || context.reader->ridx >= 0)
        throw error{failure::connection_lost, "the connection has replies that nobody has read"};
    return context;
}

/// What the server says to one command.
[[nodiscard]] inline reply say(redisContext& context, words command, const patience& until) {
    std::string text;
    append_formatted(text, command);
    send(context, text, until);
    return receive(context, until);
}

[[nodiscard]] inline bool is(const redisReply& answer, std::string_view said) noexcept {
    const bool text = answer.type == REDIS_REPLY_STATUS || answer.type == REDIS_REPLY_STRING;
    return text && std::string_view{answer.str, answer.len} == said;
}

}  // namespace pooly::redis::detail
