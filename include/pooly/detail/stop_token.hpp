// SPDX-License-Identifier: MIT
#pragma once

#include <version>

#if defined(__cpp_lib_jthread)
#include <stop_token>
#endif

namespace pooly::detail {

#if defined(__cpp_lib_jthread)

using stop_token = std::stop_token;
template <class Callback>
using stop_callback = std::stop_callback<Callback>;

#else  // libc++ before 20 keeps std::stop_token behind a switch; there the overloads that take one are absent.

struct stop_token {
    [[nodiscard]] static constexpr bool stop_requested() noexcept { return false; }
    [[nodiscard]] static constexpr bool stop_possible() noexcept { return false; }
};

template <class Callback>
struct stop_callback {
    stop_callback(const stop_token& /*never asks*/, const Callback& /*never called*/) noexcept {}
};

#endif

}  // namespace pooly::detail
