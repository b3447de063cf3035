// SPDX-License-Identifier: MIT
#pragma once

#include <exception>
#include <memory>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>

namespace pooly {

/// Why no worker was lent. `full` is a normal answer of a call that does not wait; the others are failures.
enum class errc {
    timeout = 1,          ///< no worker came back before the deadline
    full,                 ///< `try_checkout()`: every place is taken; any other: the pool has no place at all
    closed,               ///< the pool was closed, or this is a forked child of the process that made it
    cancelled,            ///< the caller's stop token asked it to give up
    failed,               ///< the pool gave up after too many worker deaths
    suspended,            ///< the pool lends nothing until `resume()`
    overloaded,           ///< `max_waiters` others wait already
    backend_unavailable,  ///< what the workers connect to is down
    create_failed,        ///< the factory threw; the cause tells what
    no_such_pool,         ///< no pool of that name
    name_taken,           ///< a pool of that name exists
    wrong_type,           ///< the pool of that name holds another type
};

namespace detail {

class [[gnu::visibility("default")]] pool_error_category;  // apart: clang-format 14 stumbles over both in one

class pool_error_category final : public std::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "pooly"; }

    [[nodiscard]] std::string message(int value) const override {
        switch (static_cast<errc>(value)) {
            case errc::timeout: return "timed out waiting for a worker";
            case errc::full: return "every worker is in use";
            case errc::closed: return "the pool is closed";
            case errc::cancelled: return "the wait for a worker was cancelled";
            case errc::failed: return "the pool has failed";
            case errc::suspended: return "the pool is suspended";
            case errc::overloaded: return "too many consumers are waiting already";
            case errc::backend_unavailable: return "the backend of the workers is unavailable";
            case errc::create_failed: return "a worker could not be made";
            case errc::no_such_pool: return "no pool of that name";
            case errc::name_taken: return "a pool of that name exists already";
            case errc::wrong_type: return "the pool of that name holds another type";
        }
        return "unknown pooly error";
    }
};

}  // namespace detail

/// The category of `pooly::errc`; one for all shared libraries of a program. Thread safety: any.
[[nodiscard, gnu::visibility("default")]] inline const std::error_category& pool_category() noexcept {
    // Leaked on purpose: an error code may be read by a destructor that runs after all statics are gone.
    static const auto& category = *new detail::pool_error_category;
    return category;
}

[[nodiscard]] inline std::error_code make_error_code(errc code) noexcept {
    return {static_cast<int>(code), pool_category()};
}

/// What the throwing verbs throw. `what()` tells what a person needs at 3 a.m.: the pool, its counts, who holds a
/// worker longest and from which source line, the factory's last error, and what to do about it. One that is thrown by
/// `checkout_result::value()` tells reason and cause only: the verb that gave the result did not write the story down.
class [[gnu::visibility("default")]] pool_error : public std::system_error {
public:
    pool_error(errc code, std::string text, std::exception_ptr cause = nullptr)
        : std::system_error{make_error_code(code)},
          text_{std::make_shared<const std::string>(std::move(text))},
          cause_{std::move(cause)} {}

    [[nodiscard]] const char* what() const noexcept override { return text_->c_str(); }

    /// The factory's exception, or a hook's, unchanged; null where there is none. As `checkout_result::cause()`: for
    /// `timeout` it is the factory's last, however long ago.
    [[nodiscard]] const std::exception_ptr& cause() const noexcept { return cause_; }

private:
    std::shared_ptr<const std::string> text_;  // shared: copying an exception must not throw
    std::exception_ptr cause_;
};

}  // namespace pooly

template <>
struct std::is_error_code_enum<pooly::errc> : std::true_type {};
