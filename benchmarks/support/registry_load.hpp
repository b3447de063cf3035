// SPDX-License-Identifier: MIT
#pragma once

#include <array>

namespace bench {

inline constexpr std::array<int, 5> registry_sizes{1, 10, 100, 1000, 10000};
inline constexpr std::array<int, 2> registry_threads{1, 2};

/// One way to use a pool that is one of many.
struct registry_way {
    const char* family;
    const char* label;
};
inline constexpr std::array<registry_way, 5> registry_ways{{
    {"registry/get", "get, one name"},
    {"registry/get_all", "get, by turns"},
    {"registry/by_name", "pair by name"},
    {"registry/held", "pair, held"},
    {"registry/bare", "pair, no reg."},
}};

}  // namespace bench
