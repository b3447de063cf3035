// SPDX-License-Identifier: MIT
#pragma once

#include <system_error>

#include <pooly/error.hpp>

namespace pooly::test {

/// The reason for which an attempt throws a `pool_error`; none if it does not.
template <class Attempt>
[[nodiscard]] std::error_code code_of(Attempt&& attempt) {
    try {
        (void)attempt();
    } catch (const pool_error& error) {
        return error.code();
    }
    return {};
}

}  // namespace pooly::test
