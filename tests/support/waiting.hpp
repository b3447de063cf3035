// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <future>
#include <thread>
#include <utility>

namespace pooly::test {

/// Returns when the condition holds; until then others run. What never comes true is ended by the test's timeout.
template <class Condition>
void wait_until(Condition&& condition) {
    while (!condition()) std::this_thread::yield();
}

/// Returns when so many consumers are queued for a worker.
template <class Pool>
void wait_for_waiters(const Pool& db, std::size_t count = 1) {
    wait_until([&] { return db.status().waiting == count; });
}

/// Runs a function on a thread of its own; `get()` gives what it returned or threw.
template <class Function>
[[nodiscard]] auto elsewhere(Function&& function) {
    return std::async(std::launch::async, std::forward<Function>(function));
}

/// What a function returns or throws when it is run on another thread, which is gone by then.
template <class Function>
decltype(auto) on_another_thread(Function&& function) {
    return elsewhere(std::forward<Function>(function)).get();
}

}  // namespace pooly::test
