// SPDX-License-Identifier: MIT
#include <pooly/detail/process.hpp>

#include <memory>
#include <thread>
#include <utility>

#include <pooly/detail/control_handle.hpp>

#include "support/catch.hpp"
#include "support/child_process.hpp"
#include "support/waiting.hpp"

#if defined(__linux__)
#include <filesystem>
#endif

using namespace pooly::detail;

namespace {

static_assert(noexcept(std::declval<process&>().give_back(std::declval<control_block&>())));

#if defined(__linux__)
std::size_t count_threads() {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& one : std::filesystem::directory_iterator{"/proc/self/task"}) ++count;
    return count;
}
#endif

}  // namespace

TEST_CASE("the tick is shared, and starts and ends with those who want it") {
    auto& shared = process::instance();
    auto one = shared.tick();
    const std::weak_ptr<coarse_tick> watched = one;
    auto two = shared.tick();
    CHECK(one == two);
    one.reset();
    CHECK_FALSE(watched.expired());
    const auto seen = coarse_tick::now();
    pooly::test::wait_until([&] { return coarse_tick::now() > seen; });
    two.reset();
    CHECK(watched.expired());
}

#if defined(__linux__)
TEST_CASE("any number of pools cost one thread for the tick, and none when they are gone") {
    std::thread{[] {}}.join();  // a sanitizer starts a thread of its own along with the first
    std::size_t with_one = 0;
    {
        const auto one = process::instance().tick();
        with_one = count_threads();
        const auto two = process::instance().tick();
        CHECK(count_threads() <= with_one);
    }
    // A joined thread leaves the table a moment later.
    pooly::test::wait_until([&] { return count_threads() < with_one; });
}
#endif

#if POOLY_TEST_HAS_FORK
TEST_CASE("a forked child marks the pools of its parent, and can make its own") {
    const control_handle parents;
    const auto tick = process::instance().tick();
    const auto child = pooly::test::in_child_process([&] {
        if ((parents->attention.load() & attention::forked) == 0) return 1;
        const control_handle own;
        if (&*own == &*parents || own->pool_id <= parents->pool_id) return 2;
        if ((own->attention.load() & attention::forked) != 0) return 3;
        return 0;
    });
    CHECK(child.exited_with(0));
    CHECK((parents->attention.load() & attention::forked) == 0);
}

TEST_CASE("a block that was free when the process was forked is free of the mark in the child") {
    { const control_handle left_before; }
    const auto child = pooly::test::in_child_process([] {
        const control_handle own;
        return (own->attention.load() & attention::forked) != 0 ? 1 : 0;
    });
    CHECK(child.exited_with(0));
}
#endif
