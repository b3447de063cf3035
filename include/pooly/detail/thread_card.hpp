// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include <pooly/detail/slot.hpp>
#include <pooly/detail/thread_key.hpp>

namespace pooly::detail {

/// What a thread remembers: its id, and for the pools it used last the slot that served it there. Two threads that
/// start at the same slot cost each other several times the whole operation.
class [[gnu::visibility("default")]] thread_card {
public:
    struct home {
        std::uint64_t pool = 0;  // never used twice, so a slot of a pool that is gone is never followed
        slot* place = nullptr;
    };

    constexpr thread_card() noexcept = default;

    /// Where it was served last, in whatever pool: an address that is known without a look at the pool.
    [[nodiscard]] const home& last() const noexcept { return last_; }
    /// Its slot in a pool that it used some time ago; null if that is forgotten.
    [[nodiscard]] slot* home_in(std::uint64_t pool) const noexcept {
        const auto& known = homes_[pool % homes_.size()];
        return known.pool == pool ? known.place : nullptr;
    }
    void remember(std::uint64_t pool, slot & place) noexcept { last_ = homes_[pool % homes_.size()] = {pool, &place}; }

    [[nodiscard]] thread_key id() const noexcept { return id_; }

    /// A number that spreads threads over slots. Fills in the card at the thread's first visit.
    [[nodiscard]] std::size_t number() noexcept {
        if (number_ == 0) {
            static constinit std::atomic<std::size_t> last{0};
            number_ = last.fetch_add(1, std::memory_order_relaxed) + 1;  // relaxed: only its uniqueness counts
            id_ = key_of(std::this_thread::get_id());
        }
        return number_;
    }

private:
    home last_{};
    thread_key id_ = 0;
    std::size_t number_ = 0;
    std::array<home, 8> homes_{};
};

/// constinit: read without the check for first use that a dynamic initialiser would bring.
[[gnu::visibility("default")]] inline thread_local constinit thread_card this_thread_card{};

}  // namespace pooly::detail
