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

#include <pooly/adapters/detail/resolving.hpp>
#include <pooly/adapters/postgres/detail/conversation.hpp>
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

/// Starts to connect. Of settings that are given twice the later wins.
[[nodiscard]] inline handle_owner start_connecting(const std::vector<setting>& before,
                                                   const std::string& connection_string,
                                                   const std::vector<setting>& after = {}) {
    std::vector<const char*> names;
    std::vector<const char*> values;
    const auto add = [&](const char* name, const char* value) {
        names.push_back(name);
        values.push_back(value);
    };
    for (const auto& each : before) add(each.name, each.value.c_str());
    // A blank one would be taken for the name of a database.
    if (connection_string.find_first_not_of(" \t\n\r\f\v") != std::string::npos)
        add("dbname", connection_string.c_str());
    for (const auto& each : after) add(each.name, each.value.c_str());
    add(nullptr, nullptr);
    constexpr int dbname_is_a_connection_string = 1;
    handle_owner handle{PQconnectStartParams(names.data(), values.data(), dbname_is_a_connection_string)};
    if (!handle) throw std::bad_alloc{};
    return handle;
}

/// What is in force for a connection, by the connection string, a service file and the environment. libpq tells that of
/// a connection only; so here is one that it refuses for its last setting, before it asks anybody for anything.
[[nodiscard]] inline settings_owner settings_in_force(const std::string& connection_string) {
    const auto refused = start_connecting({}, connection_string, {{"sslmode", "nonsense"}});
    return {PQconninfo(refused.get()), PQconninfoFree};
}

/// Empty where nobody has set it.
[[nodiscard]] inline std::string value_of(std::string_view name, const settings_owner& known) {
    for (const auto* each = known.get(); each != nullptr && each->keyword != nullptr; ++each)
        if (each->keyword == name && each->val != nullptr) return each->val;
    return {};
}

/// libpq's blocking calls heed a `connect_timeout`, which PQconnectPoll leaves to us.
[[nodiscard]] inline std::chrono::milliseconds timeout_of(const settings_owner& known, std::chrono::milliseconds ours) {
    const std::chrono::seconds theirs{std::atoi(value_of("connect_timeout", known).c_str())};  // zero is for ever
    return theirs > theirs.zero() ? std::min<std::chrono::milliseconds>(ours, theirs) : ours;
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

/// Throws `error` where the name that libpq will ask the resolver about first is not resolved in time, or has no
/// address and there is no other host.
inline void await_resolution(const settings_owner& known, const patience& until) {
    const auto hosts = value_of("host", known);
    if (hosts.starts_with('/') || hosts.starts_with('@') || !value_of("hostaddr", known).empty()) return;
    const auto name = hosts.substr(0, hosts.find(','));
    const auto [woken, failure] = adapters::detail::resolve(name, until);
    if (woken != wake::ready)
        throw error{(woken == wake::stopped ? "gave up" : "timed out") + std::string{" resolving the host name \""} +
                        name + '"',
                    sqlstate::cannot_connect};
    if (!failure.empty() && name == hosts)
        throw error{"could not translate host name \"" + name + "\" to address: " + failure, sqlstate::cannot_connect};
}

/// Whether there is a server behind what let one connect.
inline void check_created(PGconn* handle, const patience& until) {
    try {
        ask(handle, "select 1", until);
    } catch (const error&) {
        if (until.stop.stop_requested()) give_up(handle, wake::stopped);
        if (clock::now() >= until.deadline) give_up(handle, wake::late);
        throw;
    }
}

/// Connects. Throws `error`. Blocks: until the deadlines; but for as long as the system does, libpq asks the resolver
/// again about a name that has an address, and about those of several hosts.
[[nodiscard]] inline handle_owner connect(const std::string& connection_string, const options& how,
                                          const create_context& context) {
    const auto begun = clock::now();
    const auto known = settings_in_force(connection_string);
    const patience until{.deadline = std::min(begun + timeout_of(known, how.connect_timeout), context.deadline),
                         .stop = context.stop};
    await_resolution(known, until);
    handle_owner handle = start_connecting(settings_of(how), connection_string);
    const auto fail = [&] {
        const auto told = take_sqlstate(PQerrorMessage(handle.get()));
        throw error{told.message, told.state.empty() ? std::string{sqlstate::cannot_connect} : told.state};
    };
    if (PQstatus(handle.get()) == CONNECTION_BAD) fail();

    // The one way in which libpq tells the SQLSTATE of a refused connection is in its message.
    PQsetErrorVerbosity(handle.get(), PQERRORS_VERBOSE);
    short events = POLLOUT;
    while (true) {
        const auto woken = wait_for(handle.get(), events, until);
        if (woken != wake::ready) give_up(handle.get(), woken);
        switch (PQconnectPoll(handle.get())) {
            case PGRES_POLLING_OK:
                PQsetErrorVerbosity(handle.get(), PQERRORS_DEFAULT);
                if (how.check_on_create) check_created(handle.get(), until);
                return handle;
            case PGRES_POLLING_READING: events = POLLIN; break;
            case PGRES_POLLING_WRITING: events = POLLOUT; break;
            default: fail();
        }
    }
}

}  // namespace pooly::postgres::detail
