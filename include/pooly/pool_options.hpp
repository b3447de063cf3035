// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <limits>
#include <string>

#include <pooly/detail/refuse.hpp>

namespace pooly {

/// When the workers under `size` are made.
enum class start_mode {
    eager,  ///< by the constructor, which throws the factory's exception if one cannot be made
    lazy,   ///< one by one, when a consumer asks and none is idle
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
    bounded_barging,  ///< while the oldest waiter is younger than half a millisecond; more throughput, wider tail
};

/// How hold times and "since when" are measured.
enum class timing_mode {
    coarse,   ///< by a tick of ten milliseconds that costs the fast path no clock read
    precise,  ///< by reading the clock at every check-out and check-in
};

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
    /// Coarse by default: a clock read costs more than a check-out.
    timing_mode timing = timing_mode::coarse;
    /// At check-out, ask `healthy` first when the worker idled at least this long. 0 = always, negative = never.
    std::chrono::nanoseconds check_after_idle = std::chrono::milliseconds{500};

    /// Throws `std::invalid_argument` naming the first field that makes no sense, its value, and the pool.
    void validate() const {
        using std::to_string;
        if (size > max_places) refuse("size", "must be at most 1048576", to_string(size));
        if (max_overflow > max_places - size)
            refuse("max_overflow", "must leave size + max_overflow at most 1048576",
                   to_string(size) + " + " + to_string(max_overflow));
        if (start < start_mode::eager || start > start_mode::lazy) refuse("start", "is no start_mode", number(start));
        if (checkout_timeout < std::chrono::nanoseconds::zero())
            refuse("checkout_timeout", "must not be negative", to_string(checkout_timeout.count()) + " ns");
        if (order < idle_order::affine || order > idle_order::fifo) refuse("order", "is no idle_order", number(order));
        if (fairness < fairness_policy::strict_fifo || fairness > fairness_policy::bounded_barging)
            refuse("fairness", "is no fairness_policy", number(fairness));
        if (timing < timing_mode::coarse || timing > timing_mode::precise)
            refuse("timing", "is no timing_mode", number(timing));
    }

private:
    [[noreturn]] void refuse(const char* field, const char* why, const std::string& given) const {
        detail::refuse(field, why, given, name);
    }
    template <class Enum>
    [[nodiscard]] static std::string number(Enum value) {
        return std::to_string(static_cast<int>(value));
    }
};

}  // namespace pooly
