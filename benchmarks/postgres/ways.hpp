// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace bench {

/// Adds one to an account, in a transaction of its own.
using pay_function = std::function<void(int account)>;

/// How a client gets a connection for that.
struct way {
    const char* name;
    bool through_bouncer;
    /// For a connection string; what it shares lives as long as the function. With pools of a size.
    std::function<pay_function(const std::string& address, std::size_t size)> open;
};

[[nodiscard]] inline std::string update_of(int account) {
    return "update bench_account set balance = balance + 1 where id = " + std::to_string(account);
}

[[nodiscard]] std::vector<way> ways();

#if defined(POOLY_BENCHMARK_PQXX)
[[nodiscard]] way pqxx_way();
#endif
#if defined(POOLY_BENCHMARK_SOCI)
[[nodiscard]] way soci_way();
#endif

}  // namespace bench
