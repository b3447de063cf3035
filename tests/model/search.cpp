// SPDX-License-Identifier: MIT

#include "support/search.hpp"

#include <cassert>
#include <memory>
#include <sstream>

#include "support/exhaustive_scheduler.hpp"

namespace pooly::model {

namespace {

/// Relacy replaces `operator new`, to tell a leak or a use after the end; but it also tries, at each `delete`, both to
/// give the memory out again and not to, and with as many as the engine has no search would end.
struct plain_memory : rl::context {
    static void use(rl::context& here) noexcept { here.*(&plain_memory::disable_alloc_) = 1; }
};

/// What Relacy makes anew for each execution: the model that is being tried.
template <rl::thread_id_t threads>
class host : public rl::test_suite<host<threads>, threads> {
public:
    static inline const maker* making = nullptr;

    host() {
        plain_memory::use(rl::ctx());
        tried_ = (*making)();
    }
    void before() { tried_->before(); }
    void thread(unsigned index) { tried_->run(index); }
    void after() { tried_->after(); }

private:
    std::unique_ptr<scenario> tried_;
};

template <class Host, class Scheduler>
[[nodiscard]] outcome explore_by(rl::test_params asked, const maker& make) {
    std::ostringstream story;
    std::ostringstream state;
    asked.output_stream = asked.progress_stream = &story;
    asked.execution_depth_limit = 10'000;
    Host::making = &make;
    outcome seen;
    seen.holds = rl::run_test<Host, Scheduler>(asked, state, false) == rl::test_result_success;
    seen.executions = asked.stop_iteration;
    if (seen.holds) return seen;
    story.str({});
    asked.initial_state = state.str();  // once more, for its history
    asked.collect_history = true;
    (void)rl::run_test<Host, Scheduler>(asked, state, true);
    seen.history = story.str();
    return seen;
}

}  // namespace

outcome explore(search how, const maker& make, std::uint64_t executions) {
    rl::test_params asked;
    asked.search_type = rl::fair_full_search_scheduler_type;
    if (how == search::all) return explore_by<host<2>, exhaustive_scheduler<2>>(asked, make);
    if (how == search::all_indeed) return explore_by<host<2>, rl::full_search_scheduler<2>>(asked, make);
    asked.search_type = rl::random_scheduler_type;
    asked.iteration_count = executions;
    return explore_by<host<3>, rl::random_scheduler<3>>(asked, make);
}

}  // namespace pooly::model
