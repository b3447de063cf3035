// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

namespace pooly::detail {

/// Two lines that must not share are this far apart. (`hardware_destructive_interference_size` is missing from some of
/// our compilers, and varies with flags on the others.)
inline constexpr std::size_t cache_line = 64;

}  // namespace pooly::detail
