// SPDX-License-Identifier: MIT
#pragma once

#if defined(__cpp_rtti)
#include <typeinfo>
#endif

namespace pooly::detail {

/// Which type something is, for comparing. By RTTI where there is any: that also knows the type of a shared library
/// that hides its symbols.
class type_key {
public:
    template <class T>
    [[nodiscard]] static type_key of() noexcept {
#if defined(__cpp_rtti)
        return type_key{typeid(T)};
#else
        return type_key{mark<T>};
#endif
    }

    friend bool operator==(const type_key& a, const type_key& b) noexcept { return *a.mark_ == *b.mark_; }

private:
#if defined(__cpp_rtti)
    using mark_type = std::type_info;
#else
    struct mark_type {
        friend bool operator==(const mark_type& a, const mark_type& b) noexcept { return &a == &b; }
    };
    template <class T>
    static constexpr mark_type mark{};
#endif

    explicit type_key(const mark_type& mark_of_it) noexcept : mark_{&mark_of_it} {}

    const mark_type* mark_;
};

}  // namespace pooly::detail
