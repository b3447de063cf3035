// SPDX-License-Identifier: MIT
#pragma once

#include <exception>
#include <string>
#include <system_error>
#include <utility>

#include <pooly/detail/failure_report.hpp>
#include <pooly/detail/one_line.hpp>
#include <pooly/error.hpp>
#include <pooly/lease.hpp>

namespace pooly {

/// A lease, or the reason why there is none; as `std::expected<lease<T>, std::error_code>`, with a cause.
///
///     auto r = db.try_checkout();
///     if (r.error() == errc::full) return later();
///     auto lease = std::move(r).value();  // or throws, for any other reason
///
/// One whose lease was moved out is empty: it is false and has no error either.
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

    /// Why there is no lease, as a `pooly::errc`; no error where there is one.
    [[nodiscard]] std::error_code error() const noexcept { return code_ == errc{} ? std::error_code{} : code_; }
    /// The factory's exception, unchanged; null where it threw none, or where it has nothing to do with this (`full`,
    /// `closed`). For `create_failed` it is the one of this call; for `failed` a hook's, over the worker that was one
    /// death too many, if one threw. For any other reason, `timeout` above all, it is the last there was, however long
    /// ago: the factory may have worked since. Others may be told of the same object: it is not to be changed.
    [[nodiscard]] const std::exception_ptr& cause() const noexcept { return cause_; }

    /// Gives the lease away. Throws `pool_error` if there is none, with reason and cause but not the pool's story; an
    /// empty result has no reason, and the error's code is then 0.
    [[nodiscard]] lease<T> value() && {
        if (lease_) return std::move(lease_);
        if (code_ == errc{}) throw pool_error{code_, "pooly: the result is empty: its lease was moved out"};
        auto text = "pooly: " + make_error_code(code_).message();
        if (cause_) text += words_before_cause() + detail::text_of(cause_);
        throw pool_error{code_, detail::one_line(std::move(text)), cause_};
    }

private:
    [[nodiscard]] const char* words_before_cause() const noexcept {
        if (code_ == errc::create_failed) return ": ";
        return code_ == errc::failed ? "; of the last worker that died: " : "; last failure of the factory: ";
    }

    lease<T> lease_;
    errc code_{};
    std::exception_ptr cause_;
};

}  // namespace pooly
