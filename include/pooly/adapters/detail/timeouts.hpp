// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <limits>

#include <pooly/detail/refuse.hpp>

namespace pooly::adapters::detail {

/// Options of ours that are given to poll(): more than 0, and what fits its int.
inline void refuse_unless_positive(const char* field, std::chrono::milliseconds given) {
    constexpr std::chrono::hours longest{24 * 24};
    if (given <= given.zero()) pooly::detail::refuse(field, "must be more than 0");
    if (given > longest) pooly::detail::refuse(field, "must be at most 24 days");
}

/// Options of ours that go on as an int, where 0 has a meaning.
inline void refuse_unless_countable(const char* field, std::chrono::milliseconds::rep given) {
    if (given < 0) pooly::detail::refuse(field, "must not be negative");
    if (given > std::numeric_limits<int>::max()) pooly::detail::refuse(field, "must be at most 2147483647");
}

}  // namespace pooly::adapters::detail
