// SPDX-License-Identifier: MIT
#include <pooly/detail/stop_token.hpp>

#include <type_traits>

#include "support/catch.hpp"

namespace {

#if defined(__cpp_lib_jthread)
static_assert(std::is_same_v<pooly::detail::stop_token, std::stop_token>, "a user's token is ours");
#endif
static_assert(std::is_nothrow_default_constructible_v<pooly::detail::stop_token>);

}  // namespace

TEST_CASE("a token that belongs to nobody is never asked to stop") {
    const pooly::detail::stop_token token;
    CHECK_FALSE(token.stop_requested());
    CHECK_FALSE(token.stop_possible());
    int called = 0;
    const auto on_request = [&called] { ++called; };
    { const pooly::detail::stop_callback<decltype(on_request)> listening{token, on_request}; }
    CHECK(called == 0);
}
