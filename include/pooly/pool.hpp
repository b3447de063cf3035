// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include <pooly/call_site.hpp>
#include <pooly/checkout_result.hpp>
#include <pooly/detail/timeout.hpp>
#include <pooly/lease.hpp>
#include <pooly/pool_options.hpp>
#include <pooly/pool_stats.hpp>
#include <pooly/pool_status.hpp>
#include <pooly/transaction.hpp>
#include <pooly/worker_traits.hpp>

namespace pooly {

namespace detail {

/// For a registry, which may ask more of a pool than its users.
struct pool_access {
    template <class Pool>
    [[nodiscard]] static pool_core& core_of(Pool& of) noexcept {
        return *of.core_;
    }
};

}  // namespace detail

/// A pool of workers of type T: keeps `size` of them, makes up to `max_overflow` more when none is idle, and lends each
/// to one consumer at a time, first come first served.
///
/// T need be neither copyable nor movable; its destructor must not throw. The factory returns a T by value (if it
/// cannot be moved, as a temporary: `return T{...};`) and takes nothing or a `const create_context&`. Factory and hooks
/// are never called under a lock and may use the pool.
///
/// Thread safety: every member may be called from any thread at any time. Leases may outlive the pool.
/// Fork: in a forked child the pool is closed, whatever it is asked, and neither its end nor that of a lease, nor
/// anything of a transaction touches the workers, which are the parent's. A factory or hook that forks must not return
/// in the child: there it ends by `exec` or `_exit`.
/// The factory may be called by several threads at once, each for a worker of its own.
/// Another Clock than `steady_clock` is for tests: it is read at every check-out and polled while waiting; its `now()`
/// may be called under the pool's lock and must not throw.
template <class T, class Clock = std::chrono::steady_clock>
class pool {
    static_assert(std::is_object_v<T> && !std::is_array_v<T> && std::same_as<T, std::remove_cv_t<T>>,
                  "pooly: a worker must be an object, not const");
    static_assert(std::is_nothrow_destructible_v<T>, "pooly: a worker's destructor must not throw");

public:
    using worker_type = T;
    using clock = Clock;
    using time_point = typename Clock::time_point;

    /// Makes `options.size` workers if `options.start` is eager. Throws the factory's exception if one cannot be made,
    /// `std::invalid_argument` naming the field if an option makes no sense or the factory is empty.
    template <detail::other_than<pool> Factory>
    explicit pool(Factory&& factory, const pool_options& options = {}, worker_hooks<T> hooks = {})
        : core_{open(std::forward<Factory>(factory), options, std::move(hooks))},
          control_{&core_->control()},
          id_{control_->pool_id} {}

    pool(const pool&) = delete;
    pool& operator=(const pool&) = delete;

    /// Closes. Blocks: as long as it takes to destroy the idle workers, and at most `check_timeout` for user code that
    /// the watchdog called and for the last events to be told; not for leases.
    ~pool() {
        core_->close();
        core_->orphan();
    }

    // Borrowing, or an exception. -------------------------------------------------------------------------------------

    /// Lends a worker: an idle one, or a new one where there is room, or the next to come back.
    /// Blocks: at most `options().checkout_timeout`. Throws `pool_error`.
    [[nodiscard, gnu::always_inline]] lease<T> checkout(const call_site& where = call_site::current()) {
        if (auto* place = detail::lend_at_once(*control_, id_, where)) [[likely]]
            return lease<T>{*control_, *place};
        return lend_or_throw(patience::timeout, core_->default_timeout(), where);
    }

    /// As `checkout()`. Blocks: at most `timeout`; zero or less is one try that does not wait.
    template <class Rep, class Period>
    [[nodiscard, gnu::always_inline]] lease<T> checkout_for(std::chrono::duration<Rep, Period> timeout,
                                                            const call_site& where = call_site::current()) {
        if (auto* place = detail::lend_at_once(*control_, id_, where)) [[likely]]
            return lease<T>{*control_, *place};
        return lend_or_throw(patience::timeout, detail::to_nanoseconds(timeout), where);
    }

    /// As `checkout()`. Blocks: at most until `deadline`; one that has passed is one try that does not wait.
    template <class Duration>
    [[nodiscard, gnu::always_inline]] lease<T> checkout_until(std::chrono::time_point<Clock, Duration> deadline,
                                                              const call_site& where = call_site::current()) {
        if (auto* place = detail::lend_at_once(*control_, id_, where)) [[likely]]
            return lease<T>{*control_, *place};
        return lend_or_throw(patience::deadline, since_epoch(deadline), where);
    }

    // Borrowing, or a reason. -----------------------------------------------------------------------------------------

    /// Lends an idle worker, or makes one where there is room. Never waits for another consumer: `errc::full`.
    [[nodiscard, gnu::always_inline]] checkout_result<T> try_checkout(const call_site& where = call_site::current()) {
        if (auto* place = detail::lend_at_once(*control_, id_, where)) [[likely]]
            return lease<T>{*control_, *place};
        return lend_or_tell(patience::one_try, {}, where);
    }

    /// As `checkout_for`, but tells instead of throwing. (Only `std::bad_alloc` may come of it, the first time that a
    /// thread has to wait, ever.)
    template <class Rep, class Period>
    [[nodiscard, gnu::always_inline]] checkout_result<T> try_checkout_for(
        std::chrono::duration<Rep, Period> timeout, const call_site& where = call_site::current()) {
        if (auto* place = detail::lend_at_once(*control_, id_, where)) [[likely]]
            return lease<T>{*control_, *place};
        return lend_or_tell(patience::timeout, detail::to_nanoseconds(timeout), where);
    }

    /// As `checkout_until`, but tells instead of throwing.
    template <class Duration>
    [[nodiscard, gnu::always_inline]] checkout_result<T> try_checkout_until(
        std::chrono::time_point<Clock, Duration> deadline, const call_site& where = call_site::current()) {
        if (auto* place = detail::lend_at_once(*control_, id_, where)) [[likely]]
            return lease<T>{*control_, *place};
        return lend_or_tell(patience::deadline, since_epoch(deadline), where);
    }

#if defined(__cpp_lib_jthread)
    // The same for a consumer that may be asked to stop, where the standard library has `std::stop_token`. ------------

    /// As `checkout()`, but leaves the queue at once with `errc::cancelled` when `stop` is requested. If it was before,
    /// lends an idle worker all the same; where it would have to wait or to make one: `errc::cancelled`. One try (a
    /// timeout of zero) does not look at the token.
    [[nodiscard]] lease<T> checkout(std::stop_token stop, const call_site& where = call_site::current()) {
        return lend_or_throw(patience::timeout, core_->default_timeout(), where, std::move(stop));
    }
    /// As `checkout_for`, and as above.
    template <class Rep, class Period>
    [[nodiscard]] lease<T> checkout_for(std::chrono::duration<Rep, Period> timeout, std::stop_token stop,
                                        const call_site& where = call_site::current()) {
        return lend_or_throw(patience::timeout, detail::to_nanoseconds(timeout), where, std::move(stop));
    }
    /// As `checkout_until`, and as above.
    template <class Duration>
    [[nodiscard]] lease<T> checkout_until(std::chrono::time_point<Clock, Duration> deadline, std::stop_token stop,
                                          const call_site& where = call_site::current()) {
        return lend_or_throw(patience::deadline, since_epoch(deadline), where, std::move(stop));
    }
    /// As `try_checkout_for`, and as above.
    template <class Rep, class Period>
    [[nodiscard]] checkout_result<T> try_checkout_for(std::chrono::duration<Rep, Period> timeout, std::stop_token stop,
                                                      const call_site& where = call_site::current()) {
        return lend_or_tell(patience::timeout, detail::to_nanoseconds(timeout), where, std::move(stop));
    }
    /// As `try_checkout_until`, and as above.
    template <class Duration>
    [[nodiscard]] checkout_result<T> try_checkout_until(std::chrono::time_point<Clock, Duration> deadline,
                                                        std::stop_token stop,
                                                        const call_site& where = call_site::current()) {
        return lend_or_tell(patience::deadline, since_epoch(deadline), where, std::move(stop));
    }
#endif

    // Transactions. ---------------------------------------------------------------------------------------------------

    /// Checks out, begins, runs `work(T&)`, commits, checks in, and returns what `work` returned. If anything throws it
    /// is rolled back instead, and the exception arrives unchanged. Blocks and throws: as `checkout()`.
    template <std::invocable<T&> Work>
    std::invoke_result_t<Work, T&> transaction(Work&& work, const call_site& where = call_site::current()) {
        return detail::run_in(begin(where), std::forward<Work>(work));
    }

    /// The timeout covers getting a worker.
    template <std::invocable<T&> Work, class Rep, class Period>
    std::invoke_result_t<Work, T&> transaction(Work&& work, std::chrono::duration<Rep, Period> timeout,
                                               const call_site& where = call_site::current()) {
        return detail::run_in(begin_for(timeout, where), std::forward<Work>(work));
    }

    /// A worker with a transaction begun, rolled back unless its `commit()` is called.
    [[nodiscard]] transaction_guard<T> begin(const call_site& where = call_site::current()) {
        return transaction_guard<T>{checkout(where)};
    }
    template <class Rep, class Period>
    [[nodiscard]] transaction_guard<T> begin_for(std::chrono::duration<Rep, Period> timeout,
                                                 const call_site& where = call_site::current()) {
        return transaction_guard<T>{checkout_for(timeout, where)};
    }

    // Control. --------------------------------------------------------------------------------------------------------

    /// Lends nothing any more: waiters and newcomers get `errc::closed`, idle workers are destroyed, leased ones when
    /// they come back. Idempotent. Blocks: as long as it takes to destroy the idle workers.
    void close() noexcept { core_->close(); }

    /// Waits until no worker is on loan, and lends none meanwhile (as if suspended). Returns how many were still out
    /// when the time was up. Afterwards it lends again, unless it is suspended or closed; `resume()` does not end it
    /// sooner. Blocks: at most `timeout`. Shutdown is `drain_for(5s)`, then `close()`.
    template <class Rep, class Period>
    std::size_t drain_for(std::chrono::duration<Rep, Period> timeout) {
        return core_->drain(core_->clock().after(detail::to_nanoseconds(timeout)));
    }

    /// A new generation: idle workers are replaced now, leased ones destroyed when they come back, and unless the start
    /// is lazy what is missing under `size` is made. Mends a pool that has failed. Throws the factory's
    /// exception; places without a worker are then filled by the check-outs to come. Blocks: while it makes them. Until
    /// the last lease of the former generation is home, check-outs and check-ins take the lock.
    void restart() { core_->restart(); }

    /// Lends nothing until `resume()`: who waits stays in the queue, one try gets `errc::suspended`.
    void suspend() noexcept { core_->suspend(true); }
    void resume() noexcept { core_->suspend(false); }

    /// New limits. More room goes to those who wait; with an eager start the pool is then filled up to `size`. Workers
    /// beyond the new limits are destroyed: idle ones now, leased ones when they come back. Throws
    /// `std::invalid_argument` naming the field, or the factory's exception (the limits are changed all the same).
    void resize(std::size_t size, std::size_t max_overflow) {
        pool_options asked;
        asked.size = size;
        asked.max_overflow = max_overflow;
        asked.validate();
        core_->resize({size, max_overflow});
    }

    /// Makes the workers that are missing under `size`, in this thread. Returns how many it made. Throws the factory's
    /// exception; those made by then stay.
    std::size_t prewarm() { return core_->prewarm(); }

    // Looking. Each takes the pool's lock for one walk over its places. -----------------------------------------------

    [[nodiscard]] pool_status status() const { return core_->status(); }
    [[nodiscard]] pool_stats stats() const { return core_->stats(); }
    /// Who holds what, since when, checked out where.
    [[nodiscard]] std::vector<holder_info> holders() const { return core_->holders(); }
    /// With the limits of the last `resize` (in a forked child, those that it was made with).
    [[nodiscard]] pool_options options() const { return core_->options(); }

private:
    template <class Factory>
    [[nodiscard]] static detail::pool_core* open(Factory&& factory, const pool_options& options,
                                                 worker_hooks<T> hooks) {
        static_assert(detail::factory<Factory>,
                      "pooly: the factory must be callable with nothing or with a const pooly::create_context&");
        if constexpr (detail::factory<Factory>) {
            static_assert(std::same_as<detail::factory_result_t<Factory>, T>,
                          "pooly: the factory must return the worker type by value");
            if constexpr (std::same_as<detail::factory_result_t<Factory>, T>) {
                options.validate();
                auto* core =
                    new detail::pool_core{options, detail::worker_layout::of<T>(), detail::clock_source::of<Clock>(),
                                          std::make_unique<detail::factory_source<T, std::decay_t<Factory>>>(
                                              std::forward<Factory>(factory), std::move(hooks))};
                try {
                    core->start();
                } catch (...) {
                    core->close();
                    core->orphan();
                    throw;
                }
                return core;
            }
        }
        return nullptr;
    }

    friend struct detail::pool_access;
    using patience = detail::request::patience;

    [[nodiscard]] static std::chrono::nanoseconds since_epoch(auto deadline) noexcept {
        return detail::to_nanoseconds(deadline.time_since_epoch());
    }

    // Out of line, so that what is inlined into the caller is the fast path and little else. Behind `acquire` nothing
    // of the pool is touched: one who waited for it may find it gone.
    [[nodiscard, gnu::noinline]] lease<T> lend_or_throw(patience kind, std::chrono::nanoseconds limit,
                                                        const call_site& where, detail::stop_token stop = {}) {
        auto& control = *control_;
        detail::request ask{kind, limit, true, std::move(stop), where};
        const auto got = core_->acquire(ask);
        if (got.place != nullptr) return lease<T>{control, *got.place};
        throw pool_error{got.refusal, got.story ? got.story->text() : make_error_code(got.refusal).message(),
                         got.cause};
    }
    [[nodiscard, gnu::noinline]] checkout_result<T> lend_or_tell(patience kind, std::chrono::nanoseconds limit,
                                                                 const call_site& where, detail::stop_token stop = {}) {
        auto& control = *control_;
        detail::request ask{kind, limit, false, std::move(stop), where};
        const auto got = core_->acquire(ask);
        if (got.place != nullptr) return lease<T>{control, *got.place};
        return {got.refusal, got.cause};
    }

    detail::pool_core* const core_;
    detail::control_block* const control_;
    const std::uint64_t id_;  // also in the control block; here it is one load nearer
};

template <detail::factory Factory>
pool(Factory&&, const pool_options& = {}, worker_hooks<std::remove_cvref_t<detail::factory_result_t<Factory>>> = {})
    -> pool<std::remove_cvref_t<detail::factory_result_t<Factory>>>;

namespace detail {
template <class Given>
concept no_factory = !factory<Given>;
}  // namespace detail

// So that the constructor refuses it, in its words, and not the deduction.
template <detail::no_factory Given>
pool(Given&&, const pool_options& = {}) -> pool<int>;

}  // namespace pooly
