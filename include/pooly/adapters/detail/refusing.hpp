// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <limits>
#include <ratio>
#include <string>
#include <type_traits>

#include <pooly/detail/refuse.hpp>

/// Options that make no sense are refused by an `std::invalid_argument`: `pooly: <field> <why> (given <value>)`.
namespace pooly::adapters::detail {

/// As the core does for a pool, which these belong to only later.
[[noreturn]] inline void refuse(const char* field, const char* why, const std::string& given) {
    pooly::detail::refuse(field, why, given, {});
}

template <class Number>
requires(std::is_arithmetic_v<Number> || std::is_enum_v<Number>) [[nodiscard]] std::string exactly(Number given) {
    if constexpr (std::is_enum_v<Number>)
        return std::to_string(static_cast<std::underlying_type_t<Number>>(given));
    else
        return std::to_string(given);
}

/// In the largest unit, seconds at most, that leaves nothing over: beside a limit one must not be rounded to it.
template <class Rep, class Period>
[[nodiscard]] std::string exactly(std::chrono::duration<Rep, Period> given) {
    if constexpr (!std::is_same_v<Period, std::ratio<1>>) {
        using larger = std::chrono::duration<Rep, std::ratio_multiply<Period, std::kilo>>;
        if (const auto same = std::chrono::duration_cast<larger>(given); same == given) return exactly(same);
    }
    constexpr bool seconds = std::is_same_v<Period, std::ratio<1>>;
    constexpr bool milli = std::is_same_v<Period, std::milli>;
    constexpr bool micro = std::is_same_v<Period, std::micro>;
    return std::to_string(given.count()) + (seconds ? " s" : milli ? " ms" : micro ? " us" : " ns");
}

/// `why` says what it is not.
template <class Enum>
void refuse_unless_known(const char* field, Enum given, Enum last, const char* why) {
    if (given < Enum{} || given > last) refuse(field, why, exactly(given));
}

template <class Value>
void refuse_negative(const char* field, Value given) {
    if (given < Value{}) refuse(field, "must not be negative", exactly(given));
}

/// For poll(): more than 0, and what fits its int.
inline void refuse_unless_positive(const char* field, std::chrono::milliseconds given) {
    constexpr std::chrono::hours longest{24 * 24};
    if (given <= given.zero()) refuse(field, "must be more than 0", exactly(given));
    if (given > longest) refuse(field, "must be at most 24 days", exactly(given));
}

/// Goes on as an int, in its own unit unless `longest` says otherwise, where 0 has a meaning.
template <class Duration>
void refuse_unless_countable(const char* field, Duration given,
                             Duration longest = Duration{std::numeric_limits<int>::max()}) {
    refuse_negative(field, given);
    if (given > longest) refuse(field, ("must be at most " + exactly(longest)).c_str(), exactly(given));
}

}  // namespace pooly::adapters::detail
