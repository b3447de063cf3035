// SPDX-License-Identifier: MIT
#include <pooly/detail/process_fence.hpp>

#include <atomic>
#include <chrono>
#include <thread>

#include "support/catch.hpp"

using namespace std::chrono_literals;
using pooly::detail::process_fence;

namespace {

/// Where two threads meet again and again, without sleeping, so that they go on at nearly the same time.
class meeting {
public:
    void arrive() noexcept {
        const auto round = round_.load();
        if (here_.fetch_add(1) == 1) {
            here_ = 0;
            ++round_;
        }
        for (int spins = 0; round_ == round;)
            if (++spins % 1000 == 0) std::this_thread::yield();
    }

private:
    alignas(64) std::atomic<unsigned> here_{0};
    alignas(64) std::atomic<unsigned> round_{0};
};

void dawdle(int turns) noexcept {
    for (volatile int left = turns; left > 0;) left = left - 1;
}

}  // namespace

TEST_CASE("a fence for all threads makes a plain store on the other side enough") {
    // Store, then look at the other's store: without a fence both may miss. One of them fences for both.
    if (!process_fence::prepare()) return;
    alignas(64) std::atomic<int> frequent{0};
    alignas(64) std::atomic<int> rare{0};
    alignas(64) int seen_by_frequent = 0;
    int seen_by_rare = 0;
    int both_missed = 0;
    bool over = false;
    meeting start;
    meeting end;
    // Both processors have both flags at hand then: it takes a store longest to leave, and a look finds what was there.
    const auto get_ready = [&](int turns) {
        start.arrive();
        (void)frequent.load();
        (void)rare.load();
        dawdle(turns);  // each comes before, after, and at the same time as the other
    };
    std::thread other{[&] {
        for (int round = 0;; ++round) {
            get_ready(100 + round % 97);
            frequent.store(1, std::memory_order_release);
            std::atomic_signal_fence(std::memory_order_seq_cst);
            seen_by_frequent = rare.load(std::memory_order_relaxed);
            end.arrive();
            if (over) return;
        }
    }};
    const auto until = std::chrono::steady_clock::now() + 1s;
    for (int round = 0; !over; ++round) {
        get_ready(100 + round % 89);
        rare.store(1, std::memory_order_relaxed);
        process_fence::issue();
        seen_by_rare = frequent.load(std::memory_order_relaxed);
        over = std::chrono::steady_clock::now() >= until;
        end.arrive();
        both_missed += seen_by_frequent == 0 && seen_by_rare == 0 ? 1 : 0;
        frequent = 0;
        rare = 0;
    }
    other.join();
    CHECK(both_missed == 0);
}

TEST_CASE("preparing the fence again does no harm") { CHECK(process_fence::prepare() == process_fence::prepare()); }
