// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <mutex>

#include <pooly/detail/slot.hpp>
#include <pooly/detail/thread_card.hpp>

namespace pooly::detail {

/// A shared mutex for what is read all the time and hardly ever written. Readers lock a mutex that few others use,
/// writers all of them, so that readers do not slow each other down and no stream of readers keeps a writer out; a
/// std::shared_mutex does both. Whoever locks it must unlock it. Not recursive, not even for readers.
class striped_mutex {
public:
    void lock() {
        for (auto& one : stripes_) one.mutex.lock();  // always in this order, so no two writers wait for each other
    }
    void unlock() {
        for (auto& one : stripes_) one.mutex.unlock();
    }

    void lock_shared() { mine().lock(); }
    void unlock_shared() { mine().unlock(); }

private:
    static constexpr std::size_t count = 16;

    struct alignas(cache_line) stripe {
        std::mutex mutex;
    };

    [[nodiscard]] std::mutex& mine() noexcept { return stripes_[this_thread_card.number() % count].mutex; }

    std::array<stripe, count> stripes_;
};

}  // namespace pooly::detail
