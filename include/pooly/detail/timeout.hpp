// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>

namespace pooly::detail {

/// Any duration in nanoseconds; what does not fit is the longest that does, and not a number is nothing. Never
/// overflows: `hours::max()` is a way to say for ever.
template <class Rep, class Period>
[[nodiscard]] constexpr std::chrono::nanoseconds to_nanoseconds(std::chrono::duration<Rep, Period> duration) noexcept {
    using std::chrono::nanoseconds;
    using wide = std::chrono::duration<long double, std::nano>;
    const wide value = duration;
    if (value >= wide{nanoseconds::max()}) return nanoseconds::max();
    if (value <= wide{nanoseconds::min()}) return nanoseconds::min();
    if (!(value < wide::zero()) && !(value >= wide::zero())) return nanoseconds::zero();
    return nanoseconds{static_cast<nanoseconds::rep>(value.count())};
}

}  // namespace pooly::detail
