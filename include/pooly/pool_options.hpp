// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <limits>
#include <memory>
#include <string>

#include <pooly/detail/humane.hpp>
#include <pooly/detail/refuse.hpp>

namespace pooly {

/// When the workers under `size` are made.
enum class start_mode {
    eager,       ///< by the constructor, which throws the factory's exception if one cannot be made
    lazy,        ///< one by one, when a consumer asks and none is idle
    background,  ///< by the watchdog, while consumers may ask already
};

/// Which idle worker is lent next.
enum class idle_order {
    affine,  ///< each thread gets its own worker back when it can; lock-free, and warm in that thread's cache
    lifo,    ///< exactly the last returned; under the lock
    fifo,    ///< exactly the longest idle; under the lock
};

/// Whether a newcomer may overtake those who wait.
enum class fairness_policy {
    strict_fifo,      ///< never: a returned worker goes to the oldest waiter, hand to hand
    bounded_barging,  ///< while the oldest waiter is younger than `barging_limit`; more throughput, wider tail
};

/// How hold times and "since when" are measured.
enum class timing_mode {
    coarse,   ///< by a tick of ten milliseconds that costs the fast path no clock read
    precise,  ///< by reading the clock at every check-out and check-in
};

/// What happens about a lease that is held longer than `overdue_after`.
enum class overdue_action {
    report,   ///< the observer is told, once, and again when the worker comes back
    replace,  ///< also, its place goes to a fresh worker; the late one is destroyed when it comes back
};

/// What a consumer is told that finds no worker and cannot get a new one because the backend is down.
enum class outage_action {
    refuse,  ///< `errc::backend_unavailable` at once, if no worker is left that could come back
    wait,    ///< nothing before its deadline; one that does not wait is told of its own attempt
};

class pool_observer;
class watchdog;

/// Everything a pool can be told, for designated initialisers; each default is meant to be right for most.
struct pool_options {
    /// For a limit that is not there.
    static constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();
    /// The most places a pool may have; a greater number is a slip (a negative one made unsigned, say).
    static constexpr std::size_t max_places = std::size_t{1} << 20U;

    /// Shown in errors and metrics.
    std::string name = {};
    /// Workers kept. 0 makes a pure overflow pool.
    std::size_t size = 5;
    /// Extra workers, made when none is idle and dismissed when nobody waits for them.
    std::size_t max_overflow = 0;
    /// Eager by default: a wrong address should fail at the start, not at the first request.
    start_mode start = start_mode::eager;
    /// Bound of `checkout()`, `transaction(fn)` and `begin()`. 0 is one try; `nanoseconds::max()` waits without bound.
    std::chrono::nanoseconds checkout_timeout = std::chrono::seconds{5};
    /// One more waiter than this is told `errc::overloaded` at once.
    std::size_t max_waiters = unlimited;
    /// Affine by default: the only order that needs no lock.
    idle_order order = idle_order::affine;
    /// Strict by default: the tail matters more than the mean to those who wait.
    fairness_policy fairness = fairness_policy::strict_fifo;
    /// With `bounded_barging`, who has waited this long is handed the next worker. The wait of those who are overtaken
    /// grows up to about this; 0 = nobody is.
    std::chrono::nanoseconds barging_limit = std::chrono::microseconds{500};
    /// How long a worker beyond `size` stays idle before it is dismissed; 0 = as soon as nobody wants it, which under a
    /// steady overflow makes and destroys a worker for every request.
    std::chrono::nanoseconds overflow_linger = {};
    /// Coarse by default: a clock read costs more than a check-out.
    timing_mode timing = timing_mode::coarse;
    /// At check-out, ask `healthy` first when the worker idled at least this long. 0 = always, negative = never.
    std::chrono::nanoseconds check_after_idle = std::chrono::milliseconds{500};

    /// The watchdog asks a worker's health when it idled this long. 0 = never.
    std::chrono::nanoseconds health_interval = std::chrono::seconds{30};
    /// A call into user code that the watchdog made is told as stuck when it takes longer; a worker whose health check
    /// is stuck is given up. 0 = never.
    std::chrono::nanoseconds check_timeout = std::chrono::seconds{5};
    /// A worker is replaced at this age, when it is idle or comes home. 0 = never.
    std::chrono::nanoseconds max_lifetime = {};
    /// Each worker's lifetime is shorter by a random share up to this, so that they do not all end in one second.
    double lifetime_jitter = 0.1;
    /// The watchdog keeps so many idle, ahead of demand, within `size + max_overflow`.
    std::size_t min_idle = 0;
    /// A lease that is held longer is told to the observer. 0 = never.
    std::chrono::nanoseconds overdue_after = {};
    /// What else is done about it.
    overdue_action on_overdue = overdue_action::report;
    /// One more worker that dies within `restart_window` makes the pool `failed`. `unlimited` = never.
    std::size_t max_restarts = 5;
    /// 0 = never fails.
    std::chrono::nanoseconds restart_window = std::chrono::seconds{5};
    /// So many factory calls at once at most.
    std::size_t max_connecting = 2;
    /// After a failure of the factory nobody tries again for about this long, then longer each time. 0 = the next
    /// check-out tries at once.
    std::chrono::nanoseconds backoff_base = std::chrono::milliseconds{100};
    /// The longest pause between two attempts.
    std::chrono::nanoseconds backoff_cap = std::chrono::seconds{30};
    /// Refused by default: a consumer that waits for a dead backend holds something up itself.
    outage_action on_outage = outage_action::refuse;
    /// Told what happens in the pool; see pool_observer.
    std::shared_ptr<pool_observer> observer = {};
    /// Watches over the pool. By default a pool that has something to be watched makes one of its own (one on another
    /// clock than `steady_clock` does not for `health_interval` alone); many pools may share one.
    std::shared_ptr<pooly::watchdog> watchdog = {};

    /// Throws `std::invalid_argument` naming the first field that makes no sense, its value, and the pool.
    void validate() const {
        using std::to_string;
        if (size > max_places) refuse("size", "must be at most 1048576", to_string(size));
        if (max_overflow > max_places - size)
            refuse("max_overflow", "must leave size + max_overflow at most 1048576",
                   to_string(size) + " + " + to_string(max_overflow));
        if (start < start_mode::eager || start > start_mode::background)
            refuse("start", "is no start_mode", number(start));
        not_negative("checkout_timeout", checkout_timeout);
        if (order < idle_order::affine || order > idle_order::fifo) refuse("order", "is no idle_order", number(order));
        if (fairness < fairness_policy::strict_fifo || fairness > fairness_policy::bounded_barging)
            refuse("fairness", "is no fairness_policy", number(fairness));
        not_negative("barging_limit", barging_limit);
        if (timing < timing_mode::coarse || timing > timing_mode::precise)
            refuse("timing", "is no timing_mode", number(timing));
        not_negative("overflow_linger", overflow_linger);
        not_negative("health_interval", health_interval);
        not_negative("check_timeout", check_timeout);
        not_negative("max_lifetime", max_lifetime);
        not_negative("overdue_after", overdue_after);
        not_negative("restart_window", restart_window);
        not_negative("backoff_base", backoff_base);
        not_negative("backoff_cap", backoff_cap);
        if (max_lifetime > max_lifetime.zero() && max_lifetime < health_interval)
            refuse("max_lifetime", "must not be shorter than health_interval, which may be 0",
                   text(max_lifetime) + " and " + text(health_interval));
        if (!(lifetime_jitter >= 0.0 && lifetime_jitter < 1.0))
            refuse("lifetime_jitter", "must be at least 0 and less than 1", to_string(lifetime_jitter));
        if (min_idle > size + max_overflow)
            refuse("min_idle", "must be at most size + max_overflow", to_string(min_idle));
        if (on_overdue < overdue_action::report || on_overdue > overdue_action::replace)
            refuse("on_overdue", "is no overdue_action", number(on_overdue));
        if (on_overdue == overdue_action::replace && overdue_after == overdue_after.zero())
            refuse("on_overdue", "needs an overdue_after", number(on_overdue));
        if (max_restarts > max_places && max_restarts != unlimited)
            refuse("max_restarts", "must be at most 1048576, or unlimited", to_string(max_restarts));
        if (max_connecting == 0) refuse("max_connecting", "must be at least 1", to_string(max_connecting));
        if (backoff_cap < backoff_base)
            refuse("backoff_cap", "must not be shorter than backoff_base",
                   text(backoff_cap) + " and " + text(backoff_base));
        if (on_outage < outage_action::refuse || on_outage > outage_action::wait)
            refuse("on_outage", "is no outage_action", number(on_outage));
    }

private:
    [[noreturn]] void refuse(const char* field, const char* why, const std::string& given) const {
        detail::refuse(field, why, given, name);
    }
    void not_negative(const char* field, std::chrono::nanoseconds given) const {
        if (given < given.zero()) refuse(field, "must not be negative", text(given));
    }
    [[nodiscard]] static std::string text(std::chrono::nanoseconds given) {
        return given < given.zero() ? '-' + detail::humane(-std::max(given, -given.max())) : detail::humane(given);
    }
    template <class Enum>
    [[nodiscard]] static std::string number(Enum value) {
        return std::to_string(static_cast<int>(value));
    }
};

}  // namespace pooly
