// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

namespace pooly::adapters::detail {

/// Unlike any other of this process, so that nothing that came before it can be taken for the answer to it.
[[nodiscard]] inline std::string unique_word() {
    static std::atomic<std::uint64_t> last{0};
    return "pooly-" + std::to_string(last.fetch_add(1, std::memory_order_relaxed));  // relaxed: nothing hangs on it
}

}  // namespace pooly::adapters::detail
