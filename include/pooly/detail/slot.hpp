// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include <pooly/call_site.hpp>
#include <pooly/detail/cache_line.hpp>
#include <pooly/detail/coarse_tick.hpp>
#include <pooly/detail/slot_state.hpp>
#include <pooly/detail/thread_key.hpp>

namespace pooly::detail {

/// One place of a pool: a line of state, and right behind it, in place, the worker. It never moves.
///
/// Only who owns the slot changes `word`; who owns nobody's, by a compare-exchange, becomes the owner. So an owner
/// changes it by a store. Edges, on which all of the lending rests:
///   (S1) whoever makes a worker publishes it with a release;
///   (S2) a consumer claims with an acquire and so sees the worker as (S1) or the previous consumer (S3) left it;
///   (S3) a consumer returns with a release, and on the fast path looks at the attention word next (attention.hpp);
///   (S4) whoever retires a worker claims it with an acquire, for the same reason as (S2).
struct alignas(cache_line) slot {
    std::atomic<slot_word> word{0};

    // The last check-out, for `holders()`. Written by the owner, read by anyone: a sequence lock whose counter is the
    // use count. (S5) each field is stored with a release after the claim that began this use, so a reader that sees a
    // later use's field (acquire) sees that use's count when it looks at `word` again, and drops what it has read.
    // (`since` is also stored on the way home, a moment before the word changes; who reads it then sees a hold of
    // zero.)
    std::atomic<const char*> file{""};
    std::atomic<const char*> function{""};
    std::atomic<std::uint64_t> line_and_use{0};  // line << 32 | low half of the use count; stored last
    std::atomic<thread_key> thread{0};
    std::atomic<std::chrono::nanoseconds::rep> since{0};  // lent or idle since, on the pool's clock

    // Written while the slot is `making` and owned; whoever may read them came through (S2).
    std::chrono::nanoseconds::rep created = 0;
    static constexpr std::uint64_t id_mask = (std::uint64_t{1} << 40U) - 1;
    static constexpr std::uint64_t generation_mask = (std::uint64_t{1} << 24U) - 1;
    std::uint64_t id : 40 = 0;
    std::uint64_t generation : 24 = 0;

    /// Writes down who took the worker. Only for its owner. What is there already is not stored again: a store costs
    /// more than a look, since the next read-modify-write has to wait for it. (Inlined by force, as is all of the fast
    /// path: where g++ thinks better of it, because a program has many check-outs, each of them costs a third more.)
    [[gnu::always_inline]] void stamp(slot_word lent, const call_site& where, thread_key who,
                                      std::chrono::nanoseconds now) noexcept {
        update(file, where.file);
        update(function, where.function);
        update(thread, who);
        update_since(now);
        line_and_use.store((std::uint64_t{where.line} << 32U) | (uses_of(lent) & 0xffffffffU),
                           std::memory_order_release);  // (S5)
    }

    /// Stores if it is a change. Only for the owner, whose own or whose predecessor's (S2) the last store was.
    template <class Value>
    [[gnu::always_inline]] static void update(std::atomic<Value>& field, Value value) noexcept {
        if (field.load(std::memory_order_relaxed) != value) field.store(value, std::memory_order_release);  // (S5)
    }

    /// Lent or idle since. What happens here happens once a tick.
    [[gnu::always_inline]] void update_since(std::chrono::nanoseconds now) noexcept {
        if (since_when() == now) return;
        since.store(now.count(), std::memory_order_release);  // (S5)
        coarse_tick::note_use();
    }

    /// Line 0 if it was not. Only for its owner; relaxed: its own or its predecessors' stores (S2).
    [[nodiscard]] call_site last_lent_at() const noexcept {
        const auto line = line_and_use.load(std::memory_order_relaxed) >> 32U;
        if (line == 0) return {};
        return {file.load(std::memory_order_relaxed), function.load(std::memory_order_relaxed),
                static_cast<std::uint32_t>(line)};
    }

    [[nodiscard]] std::chrono::nanoseconds since_when() const noexcept {
        // relaxed: the owner's own store, or a hint to one who claims the exact word it saw before reading this
        return std::chrono::nanoseconds{since.load(std::memory_order_relaxed)};
    }

    /// Lends the worker, on the fast path. (S2)
    [[nodiscard]] bool try_claim() noexcept {
        auto seen = word.load(std::memory_order_relaxed);  // relaxed: confirmed by the claim
        return is_lendable(seen) &&
               word.compare_exchange_strong(seen, seen + go_out, std::memory_order_acquire, std::memory_order_relaxed);
    }

    /// Takes the worker, under the pool's lock. (S2)
    [[nodiscard]] bool try_take() noexcept { return try_change(slot_phase::in_use, one_use); }

    /// Keeps an idle worker from being lent on the fast path, under the pool's lock. (S4)
    [[nodiscard]] bool try_keep(slot_phase as) noexcept { return try_change(as, 0); }

    /// To another phase. Only for the owner. (S1), (S3)
    void change(slot_phase to) noexcept {
        word.store(with_phase(word.load(std::memory_order_relaxed), to), std::memory_order_release);
    }

    /// To another phase, and it was not lent after all. Only for the owner. (S1), (S3)
    void change_unused(slot_phase to) noexcept {
        word.store(with_phase(word.load(std::memory_order_relaxed), to) - one_use, std::memory_order_release);
    }

    /// Lends the worker, or lends it on, to somebody who does not claim it himself. Only for the owner. (S1), (S3)
    void pass_on() noexcept {
        word.store(with_phase(word.load(std::memory_order_relaxed), slot_phase::in_use) + one_use,
                   std::memory_order_release);
    }

private:
    /// The load is sequentially consistent for the second look of those who announced themselves (A4).
    [[nodiscard]] bool try_change(slot_phase to, slot_word more) noexcept {
        auto seen = word.load(std::memory_order_seq_cst);
        while (is_fit(seen))  // again if a consumer was quicker
            if (word.compare_exchange_weak(seen, with_phase(seen, to) + more, std::memory_order_seq_cst)) return true;
        return false;
    }
};

static_assert(sizeof(slot) == cache_line, "a slot's state is one cache line");

}  // namespace pooly::detail
