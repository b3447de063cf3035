// SPDX-License-Identifier: MIT
#include <pooly/detail/errand.hpp>

#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

#include "support/catch.hpp"

using pooly::detail::errand;
using pooly::detail::errands;

// What is written down under a pool's lock must not throw there.
static_assert(std::is_nothrow_copy_constructible_v<errand>);
static_assert(noexcept(std::declval<errands&>().add(errand{})));

TEST_CASE("an errand is called by the user's code that it runs") {
    using task = errand::task;
    const auto name_of = [](task what) {
        errand one;
        one.what = what;
        return std::string_view{one.name()};
    };
    CHECK(name_of(task::make) == "factory");
    CHECK(name_of(task::renew) == "factory");
    CHECK(name_of(task::check) == "healthy");
    CHECK(name_of(task::retire) == "retire");
    CHECK(name_of(task::tell) == "observer");
}

TEST_CASE("the errands of a visit keep their order, and as many as there may be need no memory") {
    errands all;
    const auto* const first = (all.add({.number = 1}), &*all.begin());
    for (std::uint64_t number = 2; number <= errands::most; ++number) all.add({.number = number});
    CHECK(&*all.begin() == first);
    std::uint64_t expected = 0;
    for (const auto& one : all) CHECK(one.number == ++expected);
    CHECK(expected == errands::most);
}
