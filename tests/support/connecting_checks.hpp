// SPDX-License-Identifier: MIT
#pragma once

#include <sys/socket.h>

#include <cctype>
#include <chrono>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <pooly/pooly.hpp>

#include "support/catch.hpp"
#include "support/other_server.hpp"
#include "support/time_of.hpp"

namespace pooly::test {

/// In which words something senseless is refused.
template <class Function>
[[nodiscard]] std::string refusal_of(Function&& function) {
    try {
        std::forward<Function>(function)();
    } catch (const std::invalid_argument& refused) {
        return refused.what();
    }
    return "accepted";
}

/// Why no pool can connect: an eager one throws it at its start, a lazy one tells the same at the first check-out.
/// `tell` makes of an exception what has its `message`.
template <class Factory, class Tell>
[[nodiscard]] auto failure_to_start(const Factory& connect, const Tell& tell) {
    using worker = std::invoke_result_t<const Factory&, const create_context&>;
    std::exception_ptr thrown;
    try {
        const pool<worker> eager{connect, {.size = 1}};
    } catch (...) {
        thrown = std::current_exception();
    }
    pool<worker> lazy{connect, {.size = 1, .start = start_mode::lazy}};
    const auto result = lazy.try_checkout_for(hang);
    REQUIRE(result.error() == errc::create_failed);
    const auto words = [](std::string message) {  // but no errno, which clients tell by chance
        std::erase_if(message, [](unsigned char each) { return std::isdigit(each) != 0; });
        return message;
    };
    REQUIRE(words(tell(result.cause()).message) == words(tell(thrown).message));
    return tell(thrown);
}

/// Takes connections until there is no room for one more, and says why. Those there are go on, and so does the pool.
template <class T, class Tell, class Use>
[[nodiscard]] auto failure_when_full(pool<T>& db, const Tell& tell, const Use& use) {
    std::vector<lease<T>> all;
    auto next = db.try_checkout_for(hang);
    for (; next; next = db.try_checkout_for(hang)) all.push_back(std::move(next).value());
    REQUIRE(next.error() == errc::create_failed);
    REQUIRE(!all.empty());
    use(*all.front());
    all.clear();
    use(*db.checkout());
    return tell(next.cause());
}

/// The factory would wait for a day. Its consumer's deadline ends that, and so does telling him to stop, of which the
/// error says `gave_up`.
template <class Factory>
void check_that_it_ends(const Factory& connect, const std::string& gave_up) {
    using worker = std::invoke_result_t<const Factory&, const create_context&>;
    pool<worker> db{connect, {.start = start_mode::lazy}};
    const auto took = time_of([&] {
        const auto result = db.try_checkout_for(std::chrono::milliseconds{50});
        REQUIRE(!result);
        REQUIRE(result.cause());
    });
    REQUIRE(took < hang);

    std::stop_source stop;
    std::thread stopper{[&] { stop.request_stop(); }};
    std::string told;
    try {
        (void)connect({.stop = stop.get_token()});
    } catch (const std::exception& failed) {
        told = failed.what();
    }
    stopper.join();
    REQUIRE_THAT(told, Catch::Matchers::ContainsSubstring(gave_up));
}

/// The same for a server that says nothing; `connect_to(port)` is the factory.
template <class ConnectTo>
void check_that_connecting_ends(const ConnectTo& connect_to, const std::string& gave_up) {
    const other_server silent{other_server::manner::silent};
    check_that_it_ends(connect_to(silent.port()), gave_up);
}

[[nodiscard]] inline int socket_option(int socket, int level, int name) {
    int value = -1;
    socklen_t length = sizeof value;
    REQUIRE(::getsockopt(socket, level, name, &value, &length) == 0);
    return value;
}

}  // namespace pooly::test
