// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "../../examples/ledger.hpp"

namespace bench {

/// How a thread gets a connection and a transaction for a transfer. All connections have the same settings.
struct way {
    const char* name;
    /// Makes a transfer in the ledger of a file; what it shares lives as long as the function. With pools of a size.
    std::function<std::function<void(const ledger::payment&)>(const std::string& file, std::size_t size)> open;
};

[[nodiscard]] std::vector<way> ways();

#if defined(POOLY_BENCHMARK_SOCI)
[[nodiscard]] way soci_way();
#endif

}  // namespace bench
