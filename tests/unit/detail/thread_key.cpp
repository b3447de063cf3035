// SPDX-License-Identifier: MIT
#include <pooly/detail/thread_key.hpp>

#include <thread>

#include "support/catch.hpp"
#include "support/waiting.hpp"

using namespace pooly::detail;

namespace {

static_assert(sizeof(thread_key) == sizeof(std::thread::id));
static_assert(noexcept(key_of(std::thread::id{})) && noexcept(id_of(thread_key{})));

}  // namespace

TEST_CASE("a thread's id survives the way through a number") {
    const auto mine = std::this_thread::get_id();
    CHECK(id_of(key_of(mine)) == mine);
    CHECK(id_of(key_of(std::thread::id{})) == std::thread::id{});
}

TEST_CASE("two threads have two numbers") {
    CHECK(pooly::test::on_another_thread([] { return key_of(std::this_thread::get_id()); }) !=
          key_of(std::this_thread::get_id()));
}
