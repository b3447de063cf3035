// SPDX-License-Identifier: MIT
#include <pooly/adapters/detail/resolving.hpp>

#include <chrono>
#include <thread>

#include "support/catch.hpp"
#include "support/no_thread_left.hpp"
#include "support/silent_resolver.hpp"

using namespace std::chrono_literals;
using pooly::adapters::detail::patience;
using pooly::adapters::detail::resolve;
using pooly::adapters::detail::wake;
using pooly::test::no_thread_left;
using pooly::test::silent_resolver;
using std::chrono::steady_clock;

TEST_CASE("an address is no name, and nobody is asked about it") {
    const patience none{.deadline = steady_clock::now()};
    for (const auto* const address : {"", "127.0.0.1", "::1", "fe80::1"})
        CHECK(resolve(address, none).woken == wake::ready);
}

TEST_CASE("a name that has no address is told in the system's words") {
    const auto here = resolve("localhost", {});
    CHECK(here.woken == wake::ready);
    CHECK(here.failure.empty());
    const auto nowhere = resolve(silent_resolver::name, {});
    CHECK(nowhere.woken == wake::ready);
    CHECK(nowhere.failure == ::gai_strerror(EAI_AGAIN));
}

TEST_CASE("a thread that cannot be made is a failure to resolve, and no exception") {
    const no_thread_left shortage;
    const auto told = resolve("localhost", {});
    CHECK(told.woken == wake::ready);
    CHECK(told.failure.starts_with("there is no thread to ask the resolver on: "));
}

TEST_CASE("a resolver that says nothing is waited for until the deadline, or a stop request, and no longer") {
    const silent_resolver nobody;
    CHECK(resolve(nobody.name, {.deadline = steady_clock::now() + 1ms}).woken == wake::late);
    CHECK(resolve(nobody.name, {.deadline = steady_clock::time_point::min()}).woken == wake::late);
#if defined(__cpp_lib_jthread)
    std::stop_source stop;
    std::thread stopper{[&] { stop.request_stop(); }};
    CHECK(resolve(nobody.name, {.stop = stop.get_token()}).woken == wake::stopped);
    stopper.join();
#endif
}
