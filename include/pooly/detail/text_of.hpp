// SPDX-License-Identifier: MIT
#pragma once

#include <exception>
#include <string>

// What an exception says is user code, as its end is: not to be asked under a lock (I5).
namespace pooly::detail {

[[nodiscard]] inline std::string text_of(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const std::exception& e) {
        return e.what();
    } catch (...) {
        return "an exception that is no std::exception";
    }
}

/// Empty where there is no exception, or no memory.
[[nodiscard]] inline std::string text_if_any(const std::exception_ptr& error) noexcept {
    if (error == nullptr) return {};
    try {
        return text_of(error);
    } catch (...) {
        return {};
    }
}

}  // namespace pooly::detail
