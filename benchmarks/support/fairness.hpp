// SPDX-License-Identifier: MIT
#pragma once

#include <pooly/pool_options.hpp>

#include <chrono>
#include <cstddef>
#include <functional>

namespace bench {

/// Options of a pool of some size, for whose workers nobody gives up waiting.
using options_of_size = std::function<pooly::pool_options(std::size_t size)>;

[[nodiscard]] inline pooly::pool_options strict(std::size_t size) {
    return {.size = size, .checkout_timeout = std::chrono::minutes{1}};
}

/// Who has waited for less than the limit may be overtaken.
[[nodiscard]] inline options_of_size barging(std::chrono::milliseconds limit) {
    return [limit](std::size_t size) {
        auto options = strict(size);
        options.fairness = pooly::fairness_policy::bounded_barging;
        options.barging_limit = limit;
        return options;
    };
}

}  // namespace bench
