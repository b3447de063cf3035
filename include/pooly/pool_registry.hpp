// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <pooly/call_site.hpp>
#include <pooly/checkout_result.hpp>
#include <pooly/detail/clock_source.hpp>
#include <pooly/detail/pool_directory.hpp>
#include <pooly/detail/pool_entry.hpp>
#include <pooly/detail/refuse.hpp>
#include <pooly/detail/registry_errors.hpp>
#include <pooly/detail/timeout.hpp>
#include <pooly/error.hpp>
#include <pooly/lease.hpp>
#include <pooly/named_status.hpp>
#include <pooly/pool.hpp>
#include <pooly/pool_options.hpp>
#include <pooly/watchdog.hpp>
#include <pooly/worker_traits.hpp>

namespace pooly {

namespace detail {

/// Stands for the type that the factory makes.
struct deduced;

template <class T, class Factory>
struct pooled {
    using type = T;
};
template <class Factory>
struct pooled<deduced, Factory> {
    using type = std::remove_cvref_t<factory_result_t<Factory>>;
};
template <class T, class Factory>
using pooled_t = typename pooled<T, Factory>::type;

}  // namespace detail

/// Named pools of whatever workers.
///
/// A pool belongs to all who hold its `shared_ptr`, the registry among them; when the last of them lets go of it, it is
/// closed. So one that is removed, or whose registry is gone, goes on for those who hold it. Who uses a pool often
/// should hold it: that spares the look-up by name.
///
/// Thread safety: every member may be called from any thread at any time, except that the registry must not be
/// destroyed while another thread is in one of them. Leases may outlive it, and it may be a static. No member but those
/// that say so blocks: no user code runs under a lock, so a pool that hangs costs who called it, and no other pool.
/// Fork: it is not to be used in a forked child; its end there does nothing.
class pool_registry {
public:
    /// `over_all` watches over each pool that has no watchdog of its own; also restarts pools that failed.
    /// Throws `std::invalid_argument` if it is null.
    explicit pool_registry(std::shared_ptr<pooly::watchdog> over_all = std::make_shared<pooly::watchdog>())
        : watchdog_{std::move(over_all)} {
        if (!watchdog_) detail::refuse("watchdog", "must not be null");
    }
    pool_registry(const pool_registry&) = delete;
    pool_registry& operator=(const pool_registry&) = delete;

    // Pools. ----------------------------------------------------------------------------------------------------------

    /// Makes a pool of T, by default of what the factory makes, and of that name, which also goes into its options. It
    /// is found when it is complete; its name is taken from the beginning, and free again if it could not be made.
    /// Throws `pool_error` (`name_taken`; `closed` after `close_all()`, also if that comes while the pool is being
    /// made), `std::invalid_argument` if the name is empty, and what the pool's constructor throws. Blocks: as that.
    template <class T = detail::deduced, class Clock = std::chrono::steady_clock, class Factory>
    std::shared_ptr<pool<detail::pooled_t<T, Factory>, Clock>> add(
        std::string_view name, Factory&& factory, pool_options options = {},
        worker_hooks<detail::pooled_t<T, Factory>> hooks = {}) {
        using entry = detail::typed_entry<detail::pooled_t<T, Factory>, Clock>;
        if (name.empty()) detail::refuse("name", "must not be empty");
        options.name = name;
        if (!options.watchdog) options.watchdog = watchdog_;
        detail::pool_directory::reservation place{pools_, name};
        const auto made = std::make_shared<entry>(std::forward<Factory>(factory), options, std::move(hooks));
        place.fill(made);
        return entry::of(made);
    }

    /// Throws `pool_error`: `no_such_pool`, whose text tells the names that there are, or `wrong_type`.
    template <class T, class Clock = std::chrono::steady_clock>
    [[nodiscard]] std::shared_ptr<pool<T, Clock>> get(std::string_view name) {
        auto one = pools_.find(name);
        if (!one) throw detail::no_such_pool(name, pools_.names());
        const auto held = one->type_text();
        if (auto found = detail::typed_entry<T, Clock>::of(std::move(one))) return found;
        throw detail::wrong_type(name, held, detail::pool_type_text<T, Clock>());
    }

    /// Null if there is no pool of that name, or it is of another type.
    template <class T, class Clock = std::chrono::steady_clock>
    [[nodiscard]] std::shared_ptr<pool<T, Clock>> find(std::string_view name) {
        return detail::typed_entry<T, Clock>::of(pools_.find(name));
    }

    /// Forgets a pool, which is restarted as before if it fails while others hold it. Returns false if there is none,
    /// or none yet. Blocks: if nobody else holds the pool, as long as
    /// it takes to close it.
    bool remove(std::string_view name) { return pools_.take_out(name) != nullptr; }

    // Borrowing by name: as the pool's own verbs. Throw what `get` throws, too. ---------------------------------------

    template <class T, class Clock = std::chrono::steady_clock>
    [[nodiscard]] lease<T> checkout(std::string_view name, const call_site& where = call_site::current()) {
        return get<T, Clock>(name)->checkout(where);
    }
    template <class T, class Clock = std::chrono::steady_clock, class Rep, class Period>
    [[nodiscard]] lease<T> checkout_for(std::string_view name, std::chrono::duration<Rep, Period> timeout,
                                        const call_site& where = call_site::current()) {
        return get<T, Clock>(name)->checkout_for(timeout, where);
    }

    /// Tells instead of throwing, also that there is no such pool.
    template <class T, class Clock = std::chrono::steady_clock>
    [[nodiscard]] checkout_result<T> try_checkout(std::string_view name,
                                                  const call_site& where = call_site::current()) {
        const auto [found, why] = look_up<T, Clock>(name);
        if (found) return found->try_checkout(where);
        return {why, nullptr};
    }
    template <class T, class Clock = std::chrono::steady_clock, class Rep, class Period>
    [[nodiscard]] checkout_result<T> try_checkout_for(std::string_view name, std::chrono::duration<Rep, Period> timeout,
                                                      const call_site& where = call_site::current()) {
        const auto [found, why] = look_up<T, Clock>(name);
        if (found) return found->try_checkout_for(timeout, where);
        return {why, nullptr};
    }

    template <class T, class Clock = std::chrono::steady_clock, std::invocable<T&> Work>
    std::invoke_result_t<Work, T&> transaction(std::string_view name, Work&& work,
                                               const call_site& where = call_site::current()) {
        return get<T, Clock>(name)->transaction(std::forward<Work>(work), where);
    }
    template <class T, class Clock = std::chrono::steady_clock, std::invocable<T&> Work, class Rep, class Period>
    std::invoke_result_t<Work, T&> transaction(std::string_view name, Work&& work,
                                               std::chrono::duration<Rep, Period> timeout,
                                               const call_site& where = call_site::current()) {
        return get<T, Clock>(name)->transaction(std::forward<Work>(work), timeout, where);
    }

    // Control. --------------------------------------------------------------------------------------------------------

    /// As the pool's `restart()`. Throws `pool_error` (`no_such_pool`) and what that throws. Blocks: as that.
    void restart(std::string_view name) {
        const auto one = pools_.find(name);
        if (!one) throw detail::no_such_pool(name, pools_.names());
        one->restart();
    }

    /// Restarts one pool after the other, all of them whatever becomes of each; then throws the first exception. A pool
    /// that is closed stays so.
    /// Blocks: while they make their workers. One that hangs keeps those behind it waiting, which serve meanwhile.
    void restart_all() {
        std::exception_ptr first;
        pools_.for_each([&](const std::string&, detail::pool_entry& one) {
            try {
                one.restart();
            } catch (...) {
                if (!first) first = std::current_exception();
            }
        });
        if (first) std::rethrow_exception(first);
    }

    /// Waits until no worker of any pool is on loan, as the pool's `drain_for`, one pool after the other: each lends
    /// again when its turn is over, unless it is closed. Returns how many were still out when the time was up. Shutdown
    /// is `close_all()`, then `drain_for(5s)`. Blocks: at most `timeout`; a pool whose clock is not the steady one
    /// waits what is left by its own.
    template <class Rep, class Period>
    std::size_t drain_for(std::chrono::duration<Rep, Period> timeout) {
        const auto none = std::chrono::nanoseconds::zero();
        const auto until = detail::steady_deadline(std::max(detail::to_nanoseconds(timeout), none));
        std::size_t out = 0;
        pools_.for_each([&](const std::string&, detail::pool_entry& one) {
            out += one.drain(std::max(until - std::chrono::steady_clock::now(), none));
        });
        return out;
    }

    /// Closes one pool after the other, and adds none any more; the closed pools are still found. Idempotent. Blocks:
    /// as long as it takes to destroy their idle workers.
    void close_all() {
        pools_.close();
        pools_.for_each([](const std::string&, detail::pool_entry& one) { one.close(); });
    }

    // Looking. --------------------------------------------------------------------------------------------------------

    /// Sorted. Those of pools that are being added are not among them.
    [[nodiscard]] std::vector<std::string> names() const { return pools_.names(); }
    [[nodiscard]] std::size_t size() const { return pools_.size(); }

    /// The one that watches over its pools; never null.
    [[nodiscard]] const std::shared_ptr<pooly::watchdog>& watchdog() const noexcept { return watchdog_; }
    /// By name, one pool looked at after the other: each look is consistent in itself.
    [[nodiscard]] std::vector<named_status> statuses() const {
        std::vector<named_status> all;
        pools_.for_each([&](const std::string& name, const detail::pool_entry& one) {
            all.push_back({name, one.status()});
        });
        return all;
    }

private:
    /// The pool, or why it is not given. One look: what is added or removed meanwhile is either there or not.
    template <class T, class Clock>
    [[nodiscard]] std::pair<std::shared_ptr<pool<T, Clock>>, errc> look_up(std::string_view name) {
        auto one = pools_.find(name);
        const errc why_not = one ? errc::wrong_type : errc::no_such_pool;
        return {detail::typed_entry<T, Clock>::of(std::move(one)), why_not};
    }

    const std::shared_ptr<pooly::watchdog> watchdog_;
    detail::pool_directory pools_;
};

}  // namespace pooly
