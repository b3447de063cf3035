// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <pooly/detail/slot.hpp>

namespace pooly::detail {

class pool_core;

/// A call into user code that the watchdog has to make for a pool, on a maintenance thread. Whoever is to run it owns
/// its slot, or is counted as a guest, so the core stays until it was run.
struct errand {
    enum class task {
        make,    // a worker that is missing
        renew,   // one that will take the place of an old one
        check,   // an idle worker's health
        retire,  // a worker whose time is over
        tell,    // the observer
    };

    task what{};
    pool_core* core = nullptr;
    slot* place = nullptr;
    slot* old = nullptr;  // where the worker lives that is to be renewed
    std::uint64_t old_worker = 0;
    std::chrono::nanoseconds now{};  // on the pool's clock, when it was decided
    std::uint64_t number = 0;        // of all of its pool

    [[nodiscard]] const char* name() const noexcept {
        switch (what) {
            case task::make:
            case task::renew: return "factory";
            case task::check: return "healthy";
            case task::retire: return "retire";
            case task::tell: break;
        }
        return "observer";
    }
};

/// Those of one visit, which needs no memory for them: that may not be had under a pool's lock.
class errands {
public:
    static constexpr std::size_t most = 64;

    errands() { all_.reserve(most); }
    void add(const errand& one) noexcept { all_.push_back(one); }
    [[nodiscard]] auto begin() const noexcept { return all_.begin(); }
    [[nodiscard]] auto end() const noexcept { return all_.end(); }

private:
    std::vector<errand> all_;
};

}  // namespace pooly::detail
