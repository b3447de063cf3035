// SPDX-License-Identifier: MIT
#pragma once

#include <pooly/adapters/redis.hpp>

#include <vector>

#include "../support/real_work.hpp"

namespace bench {

inline constexpr const char* counter = "pooly_bench_counter";

[[nodiscard]] std::vector<way> ways(const pooly::redis::options& address);

#if defined(POOLY_BENCHMARK_POCO)
[[nodiscard]] way poco_way(const pooly::redis::options& address);
#endif

}  // namespace bench
