// SPDX-License-Identifier: MIT
#pragma once

#include <exception>
#include <string>
#include <system_error>
#include <utility>

#include <pooly/error.hpp>
#include <pooly/lease.hpp>

namespace pooly {

/// A lease, or the reason why there is none; as `std::expected<lease<T>, std::error_code>`, with a cause.
template <class T>
class [[nodiscard]] checkout_result {
public:
    checkout_result(lease<T> held) noexcept : lease_{std::move(held)} {}  // NOLINT: a lease is a result
    checkout_result(errc code, std::exception_ptr cause) noexcept : code_{code}, cause_{std::move(cause)} {}

    [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(lease_); }
    [[nodiscard]] bool has_value() const noexcept { return static_cast<bool>(lease_); }

    /// Precondition: it holds a lease.
    [[nodiscard]] T& operator*() const noexcept { return *lease_; }
    [[nodiscard]] T* operator->() const noexcept { return lease_.operator->(); }

    /// Why there is no lease, as a `pooly::errc`; empty where there is one.
    [[nodiscard]] std::error_code error() const noexcept { return code_ == errc{} ? std::error_code{} : code_; }
    /// The factory's last failure, unchanged; null where it had none, or where it has nothing to do with this.
    [[nodiscard]] const std::exception_ptr& cause() const noexcept { return cause_; }

    /// Gives the lease away. Throws `pool_error` if there is none.
    [[nodiscard]] lease<T> value() && {
        if (!lease_)
            throw pool_error{code_,
                             "pooly: " + make_error_code(code_).message() +
                                 (cause_ ? ": " + detail::text_of(cause_) : std::string{}),
                             cause_};
        return std::move(lease_);
    }

private:
    lease<T> lease_;
    errc code_{};
    std::exception_ptr cause_;
};

}  // namespace pooly
