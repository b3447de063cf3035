// SPDX-License-Identifier: MIT
#include <pooly/detail/splitmix64.hpp>

#include <cstdint>

#include "support/catch.hpp"

using pooly::detail::splitmix64;

static_assert(noexcept(splitmix64{1}()));

TEST_CASE("the numbers are those of the published generator, on every platform") {
    splitmix64 random{1234567};
    for (const std::uint64_t expected : {6457827717110365317U, 3203168211198807973U, 9817491932198370423U,
                                         4593380528125082431U, 16408922859458223821U})
        CHECK(random() == expected);
}
