// SPDX-License-Identifier: MIT

// The search itself: on small programs it finds every outcome that Relacy's own, which leaves out nothing, finds.
#include <array>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "support/registry.hpp"
#include "support/search.hpp"
#include "support/suite.hpp"

namespace pooly::model::checker {

namespace {

using outcomes = std::set<std::array<int, 3>>;

/// Two threads that each announce something and look for the other's, with a lock and a fence in between.
class two_sides : public suite<2> {
public:
    two_sides(bool fences, outcomes& seen) : fences_{fences}, seen_{seen} {}

    void prepare() override {}
    void run(unsigned index) override {
        auto& own = index == 0 ? left_ : right_;
        auto& other = index == 0 ? right_ : left_;
        own.store(1, std::memory_order_relaxed);
        if (fences_) modelled::atomic_thread_fence(std::memory_order_seq_cst);
        found_[index] = other.load(std::memory_order_relaxed);
        const std::lock_guard guard{mutex_};
        order_ = order_ * 2 + static_cast<int>(index);
        if (index == 1) (void)last_.exchange(2, std::memory_order_relaxed);
        if (index == 0) found_[2] = last_.load(std::memory_order_acquire);
    }
    void conclude() override {
        found_[2] += order_ * 10;
        seen_.insert(found_);
    }

private:
    const bool fences_;
    outcomes& seen_;
    modelled::atomic<int> left_{0};
    modelled::atomic<int> right_{0};
    modelled::atomic<int> last_{0};
    modelled::mutex mutex_;
    int order_ = 0;
    std::array<int, 3> found_{};
};

[[nodiscard]] outcomes found_by(search how, bool fences) {
    outcomes seen;
    (void)explore(
        how, [&] { return std::make_unique<two_sides>(fences, seen); }, 0);
    return seen;
}

[[nodiscard]] verdict finds_all(bool fences) {
    const auto found = found_by(search::all, fences);
    bool missed_both = false;
    for (const auto& one : found) missed_both = missed_both || (one[0] == 0 && one[1] == 0);
    const bool right = found == found_by(search::all_indeed, fences) && missed_both == !fences;
    return {right, std::to_string(found.size()) + " outcomes"};
}

[[maybe_unused]] const bool models = [] {
    registry().push_back({"checker: without fences", [](auto) { return finds_all(false); }});
    registry().push_back({"checker: with fences", [](auto) { return finds_all(true); }});
    return true;
}();

}  // namespace

}  // namespace pooly::model::checker
