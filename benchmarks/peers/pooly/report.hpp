// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <vector>

#include "load.hpp"
#include "settings.hpp"

namespace peers {

/// Value below which `share` of the samples lie; they are sorted and not empty.
[[nodiscard]] inline double quantile(const std::vector<double>& sorted, double share) {
    return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
}

/// One line of JSON, the same for all peers. Times in microseconds.
inline void print_outcome(const settings& wanted, const outcome& measured) {
    std::vector<double> waits;
    std::vector<std::uint64_t> pairs;
    std::uint64_t all_pairs = 0;
    double held = 0;
    for (const client& one : measured.clients) {
        waits.insert(waits.end(), one.waits_us().begin(), one.waits_us().end());
        pairs.push_back(one.pairs());
        all_pairs += one.pairs();
        held += one.held_us();
    }
    if (waits.empty()) waits.push_back(0);
    std::sort(waits.begin(), waits.end());
    const auto [fewest, most] = std::minmax_element(pairs.begin(), pairs.end());
    std::printf(
        "{\"pool\": \"%s\", \"size\": %zu, \"clients\": %d, \"hold_us\": %lld, \"busy\": %s, \"seconds\": %.6f, "
        "\"pairs\": %llu, \"held_us\": %.3f, \"p50_us\": %.3f, \"p99_us\": %.3f, \"p999_us\": %.3f, \"max_us\": %.3f, "
        "\"fewest\": %llu, \"most\": %llu}\n",
        wanted.pool.c_str(), wanted.size, wanted.clients, static_cast<long long>(wanted.hold.count()),
        wanted.busy ? "true" : "false", measured.seconds, static_cast<unsigned long long>(all_pairs),
        held / static_cast<double>(waits.size()), quantile(waits, 0.5), quantile(waits, 0.99), quantile(waits, 0.999),
        waits.back(), static_cast<unsigned long long>(*fewest), static_cast<unsigned long long>(*most));
}

}  // namespace peers
