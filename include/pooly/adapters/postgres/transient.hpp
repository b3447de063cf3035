// SPDX-License-Identifier: MIT
#pragma once

#include <exception>
#include <string_view>

#include <pooly/adapters/postgres/error.hpp>

namespace pooly::postgres {

/// Whether a transaction failed for no fault of its own, and is likely to succeed if it is run again from its start: by
/// a serialization failure or a deadlock.
[[nodiscard]] inline bool is_transient(std::string_view state) noexcept {
    return state == sqlstate::serialization_failure || state == sqlstate::deadlock_detected;
}
[[nodiscard]] inline bool is_transient(const std::exception& failure) noexcept {
    const auto* const ours = dynamic_cast<const error*>(&failure);
    return ours != nullptr && is_transient(ours->sqlstate());
}

}  // namespace pooly::postgres
