// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdlib>

namespace pooly::test {

/// A time in seconds from an environment variable.
[[nodiscard]] inline std::chrono::milliseconds seconds_from(const char* variable, double seconds) {
    if (const char* text = std::getenv(variable)) {
        char* end = nullptr;
        const double wish = std::strtod(text, &end);
        if (end != text && wish > 0.0) seconds = wish;
    }
    return std::chrono::milliseconds{static_cast<std::chrono::milliseconds::rep>(seconds * 1000.0)};
}

/// How long one stress test may run: POOLY_STRESS_SECONDS from the environment, else two seconds.
[[nodiscard]] inline std::chrono::milliseconds stress_budget() { return seconds_from("POOLY_STRESS_SECONDS", 2.0); }

}  // namespace pooly::test
