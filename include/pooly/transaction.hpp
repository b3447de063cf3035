// SPDX-License-Identifier: MIT
#pragma once

#include <exception>
#include <functional>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include <pooly/error.hpp>
#include <pooly/lease.hpp>
#include <pooly/pool_event.hpp>

namespace pooly {

/// A worker on loan with a transaction open on it, by the `begin`, `commit` and `rollback` of its hooks or traits;
/// those that are missing do nothing. Rolled back at its end unless committed; never commits by itself. The worker is
/// back in the pool when the guard is gone. In a forked child the transaction is the parent's: there its end does
/// nothing, and its verbs throw `pool_error` (`closed`).
template <class T>
class [[nodiscard]] transaction_guard {
public:
    /// Begins. Throws what `begin` throws; the worker then goes back to the pool.
    explicit transaction_guard(lease<T> worker) : worker_{std::move(worker)} {
        refuse_if_inherited();
        worker_.source().begin(*worker_);
        open_ = true;
    }
    transaction_guard(transaction_guard&& other) noexcept
        : worker_{std::move(other.worker_)}, open_{std::exchange(other.open_, false)} {}
    transaction_guard& operator=(transaction_guard&& other) noexcept {
        if (this != &other) {
            abandon();
            worker_ = std::move(other.worker_);
            open_ = std::exchange(other.open_, false);
        }
        return *this;
    }
    ~transaction_guard() { abandon(); }

    /// Precondition: not moved from.
    [[nodiscard]] T& operator*() const noexcept { return *worker_; }
    [[nodiscard]] T* operator->() const noexcept { return worker_.operator->(); }

    /// Throws what `commit` throws; the transaction is then still open, and rolled back at the guard's end. Throws
    /// `std::logic_error` if it was committed or rolled back before.
    void commit() {
        require_open();
        worker_.source().commit(*worker_);
        open_ = false;
    }

    /// Throws what `rollback` throws; the worker is then destroyed, since nobody knows what is open on it. (Who is told
    /// `errc::failed` for that is told of the same exception: it is not to be changed.) Throws `std::logic_error` if
    /// the transaction was committed or rolled back before.
    void rollback() {
        require_open();
        open_ = false;
        std::exception_ptr thrown;
        try {
            worker_.source().rollback(*worker_);
        } catch (...) {
            thrown = std::current_exception();
        }
        if (thrown == nullptr) return;
        worker_.end_because(events::death::rollback_failed, thrown);
        std::rethrow_exception(thrown);
    }

private:
    void require_open() const {
        refuse_if_inherited();
        if (!open_) throw std::logic_error{"pooly: the transaction is over"};
    }
    void refuse_if_inherited() const {
        if (worker_.is_inherited())
            throw pool_error{errc::closed, "pooly: this process was forked, and the transaction is its parent's"};
    }

    void abandon() noexcept {
        if (!open_) return;
        try {
            rollback();
        } catch (...) {  // the worker is gone, and with it the transaction; or it is the parent's
        }
    }

    lease<T> worker_;
    bool open_ = false;
};

namespace detail {

/// Runs `work` in the transaction and commits; returns what it returns.
template <class T, class Work>
std::invoke_result_t<Work, T&> run_in(transaction_guard<T> open, Work&& work) {
    if constexpr (std::is_void_v<std::invoke_result_t<Work, T&>>) {
        std::invoke(std::forward<Work>(work), *open);
        open.commit();
    } else {
        std::invoke_result_t<Work, T&> result = std::invoke(std::forward<Work>(work), *open);
        open.commit();
        return std::forward<std::invoke_result_t<Work, T&>>(result);
    }
}

}  // namespace detail

}  // namespace pooly
