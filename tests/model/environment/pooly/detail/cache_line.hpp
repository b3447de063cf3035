// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

namespace pooly::detail {

/// An atomic is larger here, and a slot still has to fit into one line.
inline constexpr std::size_t cache_line = 256;

}  // namespace pooly::detail
