// SPDX-License-Identifier: MIT
#include <pooly/detail/type_key.hpp>

#include "support/catch.hpp"

using pooly::detail::type_key;

namespace {

struct mine {};

template <class>
struct of {};

static_assert(noexcept(type_key::of<int>()));

}  // namespace

TEST_CASE("a type is told from every other, however alike they are") {
    CHECK(type_key::of<int>() == type_key::of<int>());
    CHECK(type_key::of<mine>() == type_key::of<mine>());
    CHECK(type_key::of<int>() != type_key::of<long>());
    CHECK(type_key::of<long>() != type_key::of<long long>());
    CHECK(type_key::of<int>() != type_key::of<unsigned>());
    CHECK(type_key::of<of<int>>() != type_key::of<of<mine>>());
}
