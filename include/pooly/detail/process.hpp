// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

#include <pooly/detail/attention.hpp>
#include <pooly/detail/coarse_tick.hpp>
#include <pooly/detail/control_block.hpp>
#include <pooly/detail/parking_spot.hpp>
#include <pooly/detail/process_fence.hpp>

#if __has_include(<pthread.h>)
#include <pthread.h>
#define POOLY_HAS_ATFORK 1
#else
#define POOLY_HAS_ATFORK 0
#endif

namespace pooly::detail {

/// What the pools of a process share: their control blocks, the spots where threads sleep, and the coarse tick. Leaked
/// on purpose: leases may end after every static is gone, and pools may be statics themselves. Visible whatever the
/// flags, so that the shared libraries of a program have one of it between them.
class [[gnu::visibility("default")]] process {
public:
    [[nodiscard]] static process& instance() {
        static auto& shared = *new process;
        return shared;
    }

    /// A control block with a new pool id.
    [[nodiscard]] control_block& take_block() {
        const std::lock_guard<std::mutex> guard{mutex_};
        if (free_ == nullptr) {
            free_ = new control_block;
            free_->has_process_fence = has_fence_;
            free_->next = std::exchange(all_, free_);
        }
        control_block& block = *std::exchange(free_, free_->next_free);
        const std::lock_guard<std::mutex> block_guard{block.mutex};
        block.pool_id = ++last_id_;
        return block;
    }

    /// Gives a block back whose pool has left it (pool_id is 0).
    void give_back(control_block & block) noexcept {
        const std::lock_guard<std::mutex> guard{mutex_};
        block.next_free = std::exchange(free_, &block);
    }

    /// A spot that is nobody's.
    [[nodiscard]] parking_spot& take_spot() {
        const std::lock_guard<std::mutex> guard{mutex_};
        if (free_spots_ == nullptr) {
            free_spots_ = new parking_spot;
            free_spots_->next = std::exchange(all_spots_, free_spots_);
        }
        return *std::exchange(free_spots_, free_spots_->next_free);
    }
    void give_back(parking_spot & spot) noexcept {
        const std::lock_guard<std::mutex> guard{mutex_};
        spot.next_free = std::exchange(free_spots_, &spot);
    }

    /// The tick, which goes on while the result lives.
    [[nodiscard]] std::shared_ptr<coarse_tick> tick() {
        const std::lock_guard<std::mutex> guard{mutex_};
        auto shared = tick_.lock();
        if (!shared) tick_ = shared = std::make_shared<coarse_tick>();
        return shared;
    }

    /// How often this process is a child that was forked since the library was first used.
    [[nodiscard]] unsigned forks() const noexcept { return forks_; }

private:
#if POOLY_HAS_ATFORK
    /// A forked child shares its parent's connections and has none of its threads: there every pool of the parent's is
    /// out of order, and a new one starts a tick of its own. (If this cannot be registered, a child is as unprotected
    /// as on a system without fork handlers.)
    process() {
        (void)::pthread_atfork([] { instance().mutex_.lock(); }, [] { instance().mutex_.unlock(); },
                               [] { instance().begin_in_child(); });
    }

    void begin_in_child() noexcept {
        for (auto* block = all_; block != nullptr; block = block->next)
            if (block->pool_id != 0)
                block->attention.fetch_or(attention::forked,
                                          std::memory_order_relaxed);  // relaxed: there is one thread
        ++forks_;
        // One of them may have been locked, by one who came late to a pool or a thread that is gone.
        free_ = nullptr;
        free_spots_ = nullptr;
        parking_spot::leave_mine();
        tick_.reset();
        (void)process_fence::prepare();  // as it went well before
        mutex_.unlock();
    }
#endif

    unsigned forks_ = 0;  // changed where there is one thread

    const bool has_fence_ = process_fence::prepare();
    std::mutex mutex_;
    control_block* all_ = nullptr;
    control_block* free_ = nullptr;
    parking_spot* all_spots_ = nullptr;
    parking_spot* free_spots_ = nullptr;
    // Where they have one each all the same, their ids differ: a thread's card may be shared.
    std::uint64_t last_id_ = reinterpret_cast<std::uintptr_t>(this) << 16U;
    std::weak_ptr<coarse_tick> tick_;
};

/// (A thread that sleeps once more while its thread_local objects die keeps another spot for good.)
inline parking_spot& parking_spot::mine() {
    if (own_ == nullptr) {
        own_ = &process::instance().take_spot();
#if defined(__clang__)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wexit-time-destructors"  // that is what it is for
#endif
        static thread_local const tenancy until_its_end;
#if defined(__clang__)
#pragma clang diagnostic pop
#endif
    }
    return *own_;
}
inline parking_spot::tenancy::~tenancy() {
    if (auto* const left = std::exchange(own_, nullptr)) process::instance().give_back(*left);
}

}  // namespace pooly::detail
