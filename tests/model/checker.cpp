// SPDX-License-Identifier: MIT

// The search itself: on small programs it finds every outcome that Relacy's own, which leaves out nothing, finds.
#include <array>
#include <mutex>
#include <set>

#include "support/listed.hpp"

namespace {

using namespace pooly::model;

using outcomes = std::set<std::array<int, 3>>;

/// Two threads that each announce something and look for the other's, with a lock and a fence in between.
template <bool fences>
class two_sides : public suite<two_sides<fences>, 2> {
public:
    static inline outcomes seen;

    void prepare() {}
    void run(unsigned index) {
        auto& own = index == 0 ? left_ : right_;
        auto& other = index == 0 ? right_ : left_;
        own.store(1, std::memory_order_relaxed);
        if (fences) modelled::atomic_thread_fence(std::memory_order_seq_cst);
        found_[index] = other.load(std::memory_order_relaxed);
        const std::lock_guard guard{mutex_};
        order_ = order_ * 2 + static_cast<int>(index);
        if (index == 1) (void)last_.exchange(2, std::memory_order_relaxed);
        if (index == 0) found_[2] = last_.load(std::memory_order_acquire);
    }
    void conclude() {
        found_[2] += order_ * 10;
        seen.insert(found_);
    }

private:
    modelled::atomic<int> left_{0};
    modelled::atomic<int> right_{0};
    modelled::atomic<int> last_{0};
    modelled::mutex mutex_;
    int order_ = 0;
    std::array<int, 3> found_{};
};

template <class Model, class Scheduler>
[[nodiscard]] outcomes all_of() {
    std::ostringstream story;
    rl::test_params asked;
    asked.output_stream = asked.progress_stream = &story;
    asked.search_type = rl::fair_full_search_scheduler_type;
    Model::seen.clear();
    (void)rl::run_test<Model, Scheduler>(asked, story, false);
    return Model::seen;
}

template <bool fences>
[[nodiscard]] bool finds_all(const effort&) {
    using model = two_sides<fences>;
    const auto found = all_of<model, exhaustive_scheduler<2>>();
    bool missed_both = false;
    for (const auto& one : found) missed_both = missed_both || (one[0] == 0 && one[1] == 0);
    const bool right = found == all_of<model, rl::full_search_scheduler<2>>() && missed_both == !fences;
    std::cout << (right ? "holds   " : "BROKEN  ") << "checker: " << found.size()
              << " executions, as outcomes differ\n";
    return right;
}

[[maybe_unused]] const bool models = [] {
    registry().push_back({"checker: without fences", finds_all<false>});
    registry().push_back({"checker: with fences", finds_all<true>});
    return true;
}();

}  // namespace
