// SPDX-License-Identifier: MIT
#pragma once

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "../support/real_work.hpp"

namespace bench {

inline constexpr int accounts = 1000;

/// Has `execute` add one to some account; in a transaction of its own, which is up to it.
template <class Execute>
[[nodiscard]] transaction updates_by(Execute execute) {
    return [execute = std::move(execute)](std::minstd_rand& random) {
        execute("update bench_account set balance = balance + 1 where id = " +
                std::to_string(random() % static_cast<unsigned>(accounts)));
        return true;
    };
}

/// By connection strings to the server, and to a PgBouncer before it or nowhere.
[[nodiscard]] std::vector<way> ways(const std::string& address, const std::string& bouncer);

#if defined(POOLY_BENCHMARK_PQXX)
[[nodiscard]] way pqxx_way(const std::string& address);
#endif
#if defined(POOLY_BENCHMARK_SOCI)
[[nodiscard]] way soci_way(const std::string& address);
#endif

}  // namespace bench
