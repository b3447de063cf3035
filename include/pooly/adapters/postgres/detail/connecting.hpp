// SPDX-License-Identifier: MIT
#pragma once

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include <pooly/adapters/postgres/detail/handle.hpp>
#include <pooly/adapters/postgres/detail/sqlstate_in.hpp>
#include <pooly/adapters/postgres/detail/waiting.hpp>
#include <pooly/adapters/postgres/error.hpp>
#include <pooly/adapters/postgres/options.hpp>
#include <pooly/create_context.hpp>
#include <pooly/detail/refuse.hpp>

namespace pooly::postgres::detail {

using settings_owner = std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)>;

/// Throws what libpq has to say about it. Nothing is connected to.
inline void validate_connection_string(const std::string& given) {
    using pooly::detail::refuse;
    pooly::detail::refuse_zero_byte("connection_string", given);
    char* complaint = nullptr;
    const settings_owner parsed{PQconninfoParse(given.c_str(), &complaint), PQconninfoFree};
    if (parsed) return;
    if (complaint == nullptr) throw std::bad_alloc{};
    const std::unique_ptr<char, void (*)(void*)> owned{complaint, PQfreemem};
    refuse("connection_string", ("is malformed: " + without_line_end(complaint)).c_str());
}

struct setting {
    const char* name;
    std::string value;
};

/// Those of our settings that libpq takes care of. It has no value for "what the system does" but to say nothing: the
/// system refuses a zero.
[[nodiscard]] inline std::vector<setting> settings_of(const options& how) {
    std::vector<setting> ours;
    const auto add = [&](const char* name, auto value) {
        if (value != 0) ours.push_back({name, std::to_string(value)});
    };
    add("keepalives_idle", how.keepalives_idle.count());
    add("keepalives_interval", how.keepalives_interval.count());
    add("keepalives_count", how.keepalives_count);
    add("tcp_user_timeout", how.tcp_user_timeout.count());
    return ours;
}

/// Starts to connect. Those of our settings that are in the connection string, too, come before it and so lose.
[[nodiscard]] inline handle_owner start_connecting(const std::string& connection_string, const options& how) {
    const auto ours = settings_of(how);
    std::vector<const char*> names;
    std::vector<const char*> values;
    for (const auto& each : ours) {
        names.push_back(each.name);
        values.push_back(each.value.c_str());
    }
    // A blank one would be taken for the name of a database.
    if (connection_string.find_first_not_of(" \t\n\r\f\v") != std::string::npos) {
        names.push_back("dbname");
        values.push_back(connection_string.c_str());
    }
    names.push_back(nullptr);
    values.push_back(nullptr);
    constexpr int dbname_is_a_connection_string = 1;
    handle_owner handle{PQconnectStartParams(names.data(), values.data(), dbname_is_a_connection_string)};
    if (!handle) throw std::bad_alloc{};
    return handle;
}

/// The `connect_timeout` that is in force for libpq's blocking calls, which PQconnectPoll leaves to us.
[[nodiscard]] inline std::chrono::milliseconds timeout_of(PGconn* handle, std::chrono::milliseconds ours) {
    const settings_owner known{PQconninfo(handle), PQconninfoFree};
    if (!known) return ours;
    for (const auto* each = known.get(); each->keyword != nullptr; ++each) {
        if (std::string_view{each->keyword} != "connect_timeout" || each->val == nullptr) continue;
        const auto theirs = std::chrono::seconds{std::atoi(each->val)};  // libpq has refused what is no number
        if (theirs > theirs.zero()) return std::min<std::chrono::milliseconds>(ours, theirs);
    }
    return ours;
}

[[noreturn]] inline void give_up(PGconn* handle, wake why) {
    const auto said = [](const char* what) { return what != nullptr && *what != '\0'; };
    std::string message = why == wake::stopped ? "gave up" : "timed out";
    message += " connecting to the PostgreSQL server";
    if (said(PQhost(handle))) message += std::string{" at \""} + PQhost(handle) + '"';
    if (said(PQport(handle))) message += std::string{", port "} + PQport(handle);
    auto told = take_sqlstate(PQerrorMessage(handle)).message;
    // Its last line is the beginning of what libpq would have said of this attempt; before it are those that failed.
    if (told.ends_with(": ")) told.erase(told.find_last_of('\n') == told.npos ? 0 : told.find_last_of('\n'));
    if (!told.empty()) message += ", after this: " + told;
    throw error{message, sqlstate::cannot_connect};
}

/// Connects. Throws `error`. Blocks: until the deadlines, but in the resolution of a host's name as long as the system
/// does.
[[nodiscard]] inline handle_owner connect(const std::string& connection_string, const options& how,
                                          const create_context& context) {
    const auto begun = clock::now();
    handle_owner handle = start_connecting(connection_string, how);
    const auto fail = [&] {
        const auto told = take_sqlstate(PQerrorMessage(handle.get()));
        throw error{told.message, told.state.empty() ? std::string{sqlstate::cannot_connect} : told.state};
    };
    if (PQstatus(handle.get()) == CONNECTION_BAD) fail();
    const auto deadline = std::min(begun + timeout_of(handle.get(), how.connect_timeout), context.deadline);

    // The one way in which libpq tells the SQLSTATE of a refused connection is in its message.
    PQsetErrorVerbosity(handle.get(), PQERRORS_VERBOSE);
    short events = POLLOUT;
    while (true) {
        const auto woken = wait_for(handle.get(), events, deadline, context.stop);
        if (woken != wake::ready) give_up(handle.get(), woken);
        switch (PQconnectPoll(handle.get())) {
            case PGRES_POLLING_OK: PQsetErrorVerbosity(handle.get(), PQERRORS_DEFAULT); return handle;
            case PGRES_POLLING_READING: events = POLLIN; break;
            case PGRES_POLLING_WRITING: events = POLLOUT; break;
            default: fail();
        }
    }
}

}  // namespace pooly::postgres::detail
