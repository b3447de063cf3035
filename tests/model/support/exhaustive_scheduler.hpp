// SPDX-License-Identifier: MIT
#pragma once

#include "support/modelled_std.hpp"
//
#include <relacy/full_search_scheduler.hpp>

#include <cstddef>
#include <vector>

#include "support/steps.hpp"

namespace pooly::model {

/// Relacy's full search, but for executions that differ from one that was tried only in the order of what commutes
/// (sleep sets; P. Godefroid, "Partial-Order Methods for the Verification of Concurrent Systems"): once all that begins
/// with a thread's next step was tried, that thread sleeps until another does what does not commute with that step.
/// When all who could go on are asleep, what follows is known, and only run to its end.
template <rl::thread_id_t threads>
class exhaustive_scheduler : public rl::tree_search_scheduler<exhaustive_scheduler<threads>,
                                                              rl::tree_search_scheduler_thread_info<threads>, threads> {
    using base = rl::tree_search_scheduler<exhaustive_scheduler<threads>,
                                           rl::tree_search_scheduler_thread_info<threads>, threads>;

public:
    using shared_context_t = typename base::shared_context_t;

    exhaustive_scheduler(rl::test_params& asked, shared_context_t& shared, rl::thread_id_t dynamic)
        : base{asked, shared, dynamic} {}

    /// The first one begins: what a thread does before it first announces something is nobody else's matter.
    rl::thread_id_t iteration_begin_impl() {
        this->stree_depth_ = 0;
        asleep_.assign(static_cast<std::size_t>(threads), false);
        last_ = {};
        known_ = false;
        steps::now().begin();
        return this->running_threads[0];
    }

    rl::thread_id_t schedule_impl(rl::unpark_reason& reason, unsigned /*yields*/) {
        for (std::size_t i = 0; i < asleep_.size(); ++i)
            if (asleep_[i] && !commute(last_, steps::now().next_of(i))) asleep_[i] = false;
        std::vector<rl::thread_id_t> could;
        for (rl::thread_id_t i = 0; i < this->running_threads_count; ++i)
            if (!asleep_[index(this->running_threads[index(i)])]) could.push_back(this->running_threads[index(i)]);
        const auto ready = could.size();
        for (rl::thread_id_t i = 0; i < this->timed_thread_count_; ++i)
            could.push_back(this->timed_threads_[i]->index_);

        reason = rl::unpark_reason_normal;
        if (could.empty()) {
            known_ = true;
            return this->running_threads[0];
        }
        const auto chosen =
            could.size() == 1 ? 0 : rand_impl(static_cast<unsigned>(could.size()), rl::sched_type_sched);
        const auto thread = could[chosen];
        for (std::size_t i = 0; i < chosen && i < ready; ++i) asleep_[index(could[i])] = true;
        last_ = steps::now().next_of(index(thread));
        if (chosen >= ready) {  // its time is up: that goes with nothing
            asleep_.assign(asleep_.size(), false);
            this->unpark_thread(thread);
            reason = rl::unpark_reason_timeout;
        }
        return thread;
    }

    unsigned rand_impl(unsigned limit, rl::sched_type type) { return known_ ? 0 : base::rand_impl(limit, type); }

    double iteration_count_approx() { return 1.0; }

private:
    [[nodiscard]] static std::size_t index(rl::thread_id_t thread) noexcept { return static_cast<std::size_t>(thread); }

    std::vector<bool> asleep_;
    touch last_{};        // what the one that was chosen last has done since
    bool known_ = false;  // from here on another execution is repeated
};

}  // namespace pooly::model
