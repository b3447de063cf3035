// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <functional>

namespace pooly {

/// What a pool may know about every worker of a type. Specialise it with any of these static members; leave out what
/// the type has no use for:
///
///     static bool healthy(T&);   // asked before a long idle worker is lent; false or a throw: destroyed, next one
///     static void reset(T&);     // after use, before the next consumer gets it; a throw: destroyed
///     static void retire(T&);    // before destruction; a throw is counted and otherwise ignored
///     static void begin(T&);     // opens a transaction
///     static void commit(T&);
///     static void rollback(T&);
///
/// None of them is called under a lock of the pool's, and each may call back into the pool.
template <class T>
struct worker_traits {};

/// The same, for one pool; a hook that is set wins over the trait of its name.
template <class T>
struct worker_hooks {
    std::function<bool(T&)> healthy = {};
    std::function<void(T&)> reset = {};
    std::function<void(T&)> retire = {};
    std::function<void(T&)> begin = {};
    std::function<void(T&)> commit = {};
    std::function<void(T&)> rollback = {};
};

namespace detail {

template <class T>
concept has_healthy_trait = requires(T& worker) {
    { worker_traits<T>::healthy(worker) } -> std::convertible_to<bool>;
};
template <class T>
concept has_reset_trait = requires(T& worker) {
    worker_traits<T>::reset(worker);
};
template <class T>
concept has_retire_trait = requires(T& worker) {
    worker_traits<T>::retire(worker);
};
template <class T>
concept has_begin_trait = requires(T& worker) {
    worker_traits<T>::begin(worker);
};
template <class T>
concept has_commit_trait = requires(T& worker) {
    worker_traits<T>::commit(worker);
};
template <class T>
concept has_rollback_trait = requires(T& worker) {
    worker_traits<T>::rollback(worker);
};

/// The hooks of a pool with the gaps filled from the traits of its type, so that from here on there is one place to
/// ask.
template <class T>
[[nodiscard]] worker_hooks<T> with_traits(worker_hooks<T> hooks) {
    if constexpr (has_healthy_trait<T>)
        if (!hooks.healthy) hooks.healthy = [](T& worker) -> bool { return worker_traits<T>::healthy(worker); };
    if constexpr (has_reset_trait<T>)
        if (!hooks.reset) hooks.reset = [](T& worker) { worker_traits<T>::reset(worker); };
    if constexpr (has_retire_trait<T>)
        if (!hooks.retire) hooks.retire = [](T& worker) { worker_traits<T>::retire(worker); };
    if constexpr (has_begin_trait<T>)
        if (!hooks.begin) hooks.begin = [](T& worker) { worker_traits<T>::begin(worker); };
    if constexpr (has_commit_trait<T>)
        if (!hooks.commit) hooks.commit = [](T& worker) { worker_traits<T>::commit(worker); };
    if constexpr (has_rollback_trait<T>)
        if (!hooks.rollback) hooks.rollback = [](T& worker) { worker_traits<T>::rollback(worker); };
    return hooks;
}

}  // namespace detail

}  // namespace pooly
