// SPDX-License-Identifier: MIT
#pragma once

#include <cassert>
#include <concepts>
#include <exception>
#include <new>
#include <utility>

#include <pooly/detail/pool_core.hpp>
#include <pooly/detail/pool_core_care.hpp>
#include <pooly/detail/pool_core_control.hpp>
#include <pooly/detail/pool_core_errands.hpp>
#include <pooly/detail/pool_core_inspect.hpp>
#include <pooly/detail/pool_core_lend.hpp>
#include <pooly/detail/pool_core_look.hpp>
#include <pooly/detail/pool_core_make.hpp>
#include <pooly/detail/pool_core_return.hpp>
#include <pooly/detail/pool_core_rules.hpp>
#include <pooly/pool_event.hpp>
#include <pooly/pool_status.hpp>
#include <pooly/watchdog.hpp>

namespace pooly {

/// A worker on loan. Gives it back when it dies, whatever happens; may outlive its pool, and then destroys the worker.
/// Two words. Thread safety: as a pointer; it may be moved to and end on another thread.
template <class T>
class [[nodiscard]] lease {
public:
    using worker_type = T;

    /// Holds nothing.
    lease() noexcept = default;
    lease(lease&& other) noexcept
        : control_{std::exchange(other.control_, nullptr)}, place_{std::exchange(other.place_, nullptr)} {}
    lease& operator=(lease&& other) noexcept {
        if (this != &other) {
            checkin();
            control_ = std::exchange(other.control_, nullptr);
            place_ = std::exchange(other.place_, nullptr);
        }
        return *this;
    }
    [[gnu::always_inline]] ~lease() { checkin(); }

    [[nodiscard]] explicit operator bool() const noexcept { return place_ != nullptr; }

    /// The worker; null if the lease is empty.
    [[nodiscard]] T* get() const noexcept { return place_ != nullptr ? worker() : nullptr; }

    /// Precondition: the lease is not empty.
    [[nodiscard]] T& operator*() const noexcept {
        assert(place_ != nullptr && "pooly: an empty lease has no worker");
        return *worker();
    }
    [[nodiscard]] T* operator->() const noexcept { return &**this; }

    /// Gives the worker back now, after its `reset` hook; if that throws, the worker is destroyed and its place is
    /// free. Does nothing to an empty lease.
    [[gnu::always_inline]] void checkin() noexcept {
        if (place_ == nullptr) return;
        detail::check_in(*control_, *std::exchange(place_, nullptr));
    }

    /// This worker is broken: destroys it. Whoever waits longest makes the next one; if nobody does and the pool is
    /// below its size now, this thread makes a replacement. Where an exception is being handled, it is told as the
    /// cause. Does nothing to an empty lease.
    /// Blocks: as long as the `retire` hook, the destructor and, for a replacement, the factory take.
    void discard() noexcept {
        if (place_ == nullptr) return;
        end_because(events::death::discarded, std::current_exception());
    }

    /// Takes the worker out of the pool for good; its place is refilled as by `discard()`. The `retire` hook is not
    /// called. Throws `std::invalid_argument` if the lease is empty, and what T's move constructor throws (the lease
    /// then still holds the worker).
    [[nodiscard]] T detach() requires std::move_constructible<T> {
        if (place_ == nullptr) detail::refuse("lease", "must not be empty: there is no worker to detach");
        struct releaser {  // after the result was made, in place
            lease& from;
            int unwinding = std::uncaught_exceptions();
            ~releaser() {
                if (std::uncaught_exceptions() > unwinding) return;
                from.control_->core->release_detached(*std::exchange(from.place_, nullptr));
            }
        };
        const releaser release{*this};
        return T(std::move(*worker()));
    }

    /// The worker's papers. Precondition: the lease is not empty.
    [[nodiscard]] worker_info info() const noexcept {
        assert(place_ != nullptr && "pooly: an empty lease has no worker");
        return control_->core->papers_of(*place_);
    }

private:
    template <class, class>
    friend class pool;
    template <class>
    friend class transaction_guard;
    template <class>
    friend class checkout_result;

    lease(detail::control_block& control, detail::slot& place) noexcept : control_{&control}, place_{&place} {}

    /// Whether this process is a child of the one that made the pool.
    [[nodiscard]] bool is_inherited() const noexcept { return place_ != nullptr && control_->core->forked(); }
    void end_because(events::death reason, std::exception_ptr cause) noexcept {
        control_->core->discard(*std::exchange(place_, nullptr), reason, std::move(cause));
    }
    [[nodiscard]] T* worker() const noexcept {
        return std::launder(static_cast<T*>(detail::worker_at(*place_, detail::worker_layout::of<T>().offset)));
    }
    [[nodiscard]] const detail::typed_source<T>& source() const noexcept {
        return static_cast<const detail::typed_source<T>&>(control_->core->source());
    }

    detail::control_block* control_ = nullptr;
    detail::slot* place_ = nullptr;
};

}  // namespace pooly
