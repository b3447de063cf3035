// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string_view>

namespace pooly::detail {

template <class T>
[[nodiscard]] constexpr std::string_view signature_with() noexcept {
    return __PRETTY_FUNCTION__;
}

/// A type's name as the compiler spells it, for people: `billing::connection`.
template <class T>
[[nodiscard]] constexpr std::string_view type_name() noexcept {
    // Compilers put the name into different sentences; where in theirs is learnt from a name that is known.
    constexpr std::string_view known = "double";
    constexpr std::string_view sentence = signature_with<double>();
    constexpr std::size_t before = sentence.find(known);
    static_assert(before != std::string_view::npos);
    constexpr std::size_t around = sentence.size() - known.size();
    constexpr std::string_view asked = signature_with<T>();
    return asked.substr(before, asked.size() - around);
}

}  // namespace pooly::detail
