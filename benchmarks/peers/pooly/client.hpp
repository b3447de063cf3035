// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>
#include <vector>

#include "../../support/worker.hpp"
#include "settings.hpp"

namespace peers {

/// One who checks out, holds, checks in, and writes down how that went.
class alignas(64) client {
public:
    client() { waits_us_.reserve(1U << 16U); }  // growing would be measured

    /// Blocks until `over`. A wait that is going on at the end is counted in full.
    template <bench::contestant_pool Pool>
    void run(Pool& pool, const settings& wanted, const std::atomic<bool>& over) {
        // reading the clock costs more than a pair; with a hold it is nothing
        const int untimed = wanted.hold.count() == 0 ? 255 : 0;
        while (!over.load(std::memory_order_relaxed)) {  // relaxed: one pair more or less is no matter
            timed_pair(pool, wanted);
            for (int i = 0; i < untimed; ++i) {
                const auto lease = pool.checkout();
                bench::touch(*lease);
            }
            pairs_ += 1 + static_cast<std::uint64_t>(untimed);
        }
    }

    [[nodiscard]] const std::vector<double>& waits_us() const noexcept { return waits_us_; }
    [[nodiscard]] std::uint64_t pairs() const noexcept { return pairs_; }
    [[nodiscard]] double held_us() const noexcept { return held_us_; }

private:
    using clock = std::chrono::steady_clock;
    using microseconds = std::chrono::duration<double, std::micro>;

    template <bench::contestant_pool Pool>
    void timed_pair(Pool& pool, const settings& wanted) {
        const auto asked = clock::now();
        const auto lease = pool.checkout();
        const auto got = clock::now();
        bench::touch(*lease);
        hold(wanted, got);
        held_us_ += microseconds{clock::now() - got}.count();
        waits_us_.push_back(microseconds{got - asked}.count());
    }

    static void hold(const settings& wanted, clock::time_point since) {
        if (wanted.hold.count() == 0) return;
        if (!wanted.busy) {
            std::this_thread::sleep_for(wanted.hold);
            return;
        }
        while (clock::now() - since < wanted.hold) {
        }
    }

    std::vector<double> waits_us_;
    double held_us_ = 0;
    std::uint64_t pairs_ = 0;
};

}  // namespace peers
