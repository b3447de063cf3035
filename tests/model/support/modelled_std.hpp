// SPDX-License-Identifier: MIT
#pragma once

// The alias by which the engine's very code comes under the model checker: what it takes from `std` to synchronise is
// here Relacy's, all else is the standard's own. engine.hpp includes the headers of pooly with `std` meaning this
// namespace, so that not a line of them is written for the model, and no user pays for it.
//
// Relacy gives an operation to any thread that may run, and has a load see any store that the memory order allows.
// Its own relacy.hpp would bring macros for `new`, `assert` and half of POSIX, which are not for the engine; so, its
// parts. First, for it takes _FORTIFY_SOURCE away, under which its fibers are taken for a broken stack:
#include <relacy/base.hpp>
//
#include <relacy/atomic.hpp>
#include <relacy/atomic_fence.hpp>
#include <relacy/context.hpp>
#include <relacy/context_base_impl.hpp>
#include <relacy/stdlib/condition_variable.hpp>
#include <relacy/stdlib/event.hpp>
#include <relacy/stdlib/mutex.hpp>
#include <relacy/stdlib/semaphore.hpp>
#include <relacy/test_suite.hpp>
#include <relacy/var.hpp>

// All that the engine includes of the standard library, before its name is taken.
#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cassert>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <concepts>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <limits>
#include <list>
#include <locale>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <ostream>
#include <set>
#include <shared_mutex>
#include <sstream>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <type_traits>
#include <typeinfo>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>
#include <version>

#include "support/weakening.hpp"
#include "support/world.hpp"

namespace pooly::model {

[[nodiscard]] constexpr rl::memory_order relacys(std::memory_order order) noexcept {
    switch (order) {
        case std::memory_order_relaxed: return rl::mo_relaxed;
        case std::memory_order_consume: return rl::mo_consume;
        case std::memory_order_acquire: return rl::mo_acquire;
        case std::memory_order_release: return rl::mo_release;
        case std::memory_order_acq_rel: return rl::mo_acq_rel;
        case std::memory_order_seq_cst: break;
    }
    return rl::mo_seq_cst;
}

/// What is left of an order for a load; so does a compare-exchange that fails, if only one was given.
[[nodiscard]] constexpr std::memory_order without_release(std::memory_order order) noexcept {
    return order == std::memory_order_acq_rel   ? std::memory_order_acquire
           : order == std::memory_order_release ? std::memory_order_relaxed
                                                : order;
}

/// The line of the engine from which something is called, for the history of a failure.
struct caller {
    const char* function = __builtin_FUNCTION();
    const char* file = __builtin_FILE();
    int line = __builtin_LINE();
    [[nodiscard]] operator rl::debug_info() const { return {function, file, static_cast<unsigned>(line)}; }
};

/// The order of an operation, unless just that one is to be weaker; `acq_rel` is what that is for such an operation.
[[nodiscard]] inline std::memory_order in_effect(std::memory_order order, std::memory_order acq_rel,
                                                 const caller& from) noexcept {
    auto& weak = weakening::asked_for();
    if (order == std::memory_order_relaxed || !weak.concerns(from.file, from.line)) return order;
    if (!weak.leaves_acq_rel()) return std::memory_order_relaxed;
    return order == std::memory_order_seq_cst ? acq_rel : order;
}

}  // namespace pooly::model

namespace modelled {

using namespace ::std;
using pooly::model::caller;
using pooly::model::in_effect;
using pooly::model::relacys;
using pooly::model::without_release;

/// A static one, initialised before there is a model, is an ordinary variable: so are those that `settle` names.
template <class T>
class atomic {
public:
    constexpr atomic(T value) noexcept : plain_{value} {
        if (!::std::is_constant_evaluated()) modelled_ = &pooly::model::world::now().keep<relacys_own>(into(value));
    }
    atomic(const atomic&) = delete;
    atomic& operator=(const atomic&) = delete;

    /// From now on it is no matter of the model: the threads see one value and are not switched at it.
    void settle() noexcept {
        plain_ = load(memory_order_relaxed);
        modelled_ = nullptr;
    }

    [[nodiscard]] T load(memory_order order, caller from = {}) const noexcept {
        if (modelled_ == nullptr) return plain_;
        announce(false);
        return out_of(modelled_->load(relacys(in_effect(order, memory_order_acquire, from)), from));
    }
    void store(T value, memory_order order, caller from = {}) noexcept {
        if (modelled_ == nullptr) return void(plain_ = value);
        announce(true);
        modelled_->store(into(value), relacys(in_effect(order, memory_order_release, from)), from);
    }
    T exchange(T value, memory_order order, caller from = {}) noexcept {
        if (modelled_ == nullptr) return ::std::exchange(plain_, value);
        announce(true);
        return out_of(modelled_->exchange(into(value), relacys(in_effect(order, memory_order_acq_rel, from)), from));
    }
    T fetch_add(T value, memory_order order, caller from = {}) noexcept {
        if (modelled_ == nullptr) return ::std::exchange(plain_, plain_ + value);
        announce(true);
        return modelled_->fetch_add(value, relacys(in_effect(order, memory_order_acq_rel, from)), from);
    }
    bool compare_exchange_strong(T& seen, T wanted, memory_order success, memory_order failure,
                                 caller from = {}) noexcept {
        if (modelled_ == nullptr) return exchange_if(seen, wanted);
        announce(true);
        const auto order = in_effect(success, memory_order_acq_rel, from);
        return modelled_->compare_exchange_strong(seen, wanted, relacys(order), from,
                                                  relacys(order == success ? failure : without_release(order)), from);
    }
    bool compare_exchange_weak(T& seen, T wanted, memory_order success, memory_order failure,
                               caller from = {}) noexcept {
        if (modelled_ == nullptr) return exchange_if(seen, wanted);
        announce(true);
        const auto order = in_effect(success, memory_order_acq_rel, from);
        return modelled_->compare_exchange_weak(seen, wanted, relacys(order), from,
                                                relacys(order == success ? failure : without_release(order)), from);
    }
    bool compare_exchange_weak(T& seen, T wanted, memory_order order, caller from = {}) noexcept {
        return compare_exchange_weak(seen, wanted, order, without_release(order), from);
    }

private:
    // Relacy knows no pointers to what is const.
    using cell = typename ::std::conditional<::std::is_pointer_v<T>, uintptr_t, T>::type;
    using relacys_own = rl::atomic<cell>;
    [[nodiscard]] static cell into(T value) noexcept { return ::std::bit_cast<cell>(value); }
    [[nodiscard]] static T out_of(cell value) noexcept { return ::std::bit_cast<T>(value); }

    void announce(bool changes) const noexcept { pooly::model::world::now().announce(modelled_, changes); }
    bool exchange_if(T& seen, T wanted) noexcept {
        const bool same = seen == plain_;
        (same ? plain_ : seen) = same ? wanted : plain_;
        return same;
    }

    T plain_;
    relacys_own* modelled_ = nullptr;
};

inline void atomic_thread_fence(memory_order order, caller from = {}) {
    static const char all_fences{};
    if (pooly::model::weakening::asked_for().concerns(from.file, from.line)) return;
    pooly::model::world::now().announce(&all_fences, true);
    rl::atomic_thread_fence(pooly::model::relacys(order), from);
}

/// The light fence of a check-in. Together with the heavy one (environment/pooly/detail/process_fence.hpp) it is to
/// order as if both were sequentially consistent fences (P1202), and that is what both are here.
inline void atomic_signal_fence(memory_order order, caller from = {}) { atomic_thread_fence(order, from); }

/// No switch of threads in front of an unlock: what a thread does with a lock in hand and nobody else sees is done as
/// well a moment later, so that nothing is missed, and much is saved.
class mutex {
public:
    void lock(caller from = {}) {
        pooly::model::world::now().announce(this, true);
        relacys_.lock(from);
    }
    void unlock(caller from = {}) {
        const rl::preemption_disabler here{rl::ctx()};
        relacys_.unlock(from);
    }

private:
    friend class condition_variable;
    rl::mutex relacys_;
};

class condition_variable {
public:
    void notify_one(caller from = {}) {
        pooly::model::world::now().announce(this, true);
        relacys_.notify_one(from);
    }
    void notify_all(caller from = {}) {
        pooly::model::world::now().announce(this, true);
        relacys_.notify_all(from);
    }

    void wait(unique_lock<mutex>& lock, caller from = {}) {
        pooly::model::world::now().announce(lock.mutex(), true, this);
        relacys_.wait(lock.mutex()->relacys_, from);
    }
    template <class Predicate>
    requires(!::std::same_as<Predicate, caller>) void wait(unique_lock<mutex>& lock, Predicate wanted,
                                                           caller from = {}) {
        while (!wanted()) wait(lock, from);
    }

    /// May time out at any moment; then it is that late for this thread.
    template <class TimePoint>
    void wait_until(unique_lock<mutex>& lock, TimePoint until, caller from = {}) {
        pooly::model::world::now().announce(lock.mutex(), true, this);
        if (!relacys_.wait_for(lock.mutex()->relacys_, 0, from)) pooly::model::world::now().be_at(until);
    }

    template <class Duration>
    void wait_for(unique_lock<mutex>& lock, Duration patience, caller from = {}) {
        wait_until(lock, pooly::model::steady_clock::now() + patience, from);
    }

private:
    rl::condition_variable relacys_;
};

// A stop request, as the standard promises it: who deregisters a callback waits while it runs.
class stop_state {
public:
    mutex guard;
    bool requested = false;
    function<void()>* callback = nullptr;  // one is enough for us
};

class stop_token {
public:
    stop_token() = default;
    explicit stop_token(shared_ptr<stop_state> state) : state_{::std::move(state)} {}
    [[nodiscard]] bool stop_requested() const {
        if (state_ == nullptr) return false;
        const lock_guard<mutex> guard{state_->guard};
        return state_->requested;
    }

private:
    template <class>
    friend class stop_callback;
    shared_ptr<stop_state> state_;
};

class stop_source {
public:
    [[nodiscard]] stop_token get_token() const { return stop_token{state_}; }
    void request_stop() {
        const lock_guard<mutex> guard{state_->guard};
        state_->requested = true;
        if (state_->callback != nullptr) (*state_->callback)();
    }

private:
    shared_ptr<stop_state> state_ = make_shared<stop_state>();
};

template <class Callback>
class stop_callback {
public:
    stop_callback(const stop_token& token, const Callback& callback) : state_{token.state_}, callback_{callback} {
        if (state_ == nullptr) return;
        const lock_guard<mutex> guard{state_->guard};
        state_->callback = &callback_;
        if (state_->requested) callback_();
    }
    stop_callback(const stop_callback&) = delete;
    stop_callback& operator=(const stop_callback&) = delete;
    ~stop_callback() {
        if (state_ == nullptr) return;
        const lock_guard<mutex> guard{state_->guard};
        state_->callback = nullptr;
    }

private:
    shared_ptr<stop_state> state_;
    function<void()> callback_;
};

namespace this_thread {

using namespace ::std::this_thread;
[[nodiscard]] inline thread::id get_id() noexcept { return pooly::model::world::now().thread_id(); }

}  // namespace this_thread

namespace chrono {

using namespace ::std::chrono;
using pooly::model::steady_clock;

}  // namespace chrono

}  // namespace modelled
