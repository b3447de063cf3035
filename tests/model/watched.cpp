// SPDX-License-Identifier: MIT

// What the watchdog announces of a lease (A3) and then looks at once more (A4), while that lease ends: nothing is left
// to be told of a lease that is over.
#include <memory>
#include <mutex>

#include "support/listed.hpp"

namespace pooly::model::watched {

namespace {

using namespace std::chrono_literals;

template <bool fence>
class overdue : public one_out<2, fence> {
public:
    void prepare() override {
        auto asked = this->options(1);
        asked.watchdog = std::make_shared<pooly::watchdog>(pooly::watchdog::mode::by_hand);
        asked.overdue_after = 1ms;
        this->lend_all(asked);
    }
    void run(unsigned index) override {
        if (index == 0) return this->out_.checkin();
        pooly::detail::errands found;
        (void)this->core().inspect(std::unique_lock{this->core().control().mutex}, world::beginning + 1s, found);
    }
    void conclude() override {
        namespace attention = pooly::detail::attention;
        const auto seen = this->core().control().attention.load(std::memory_order_relaxed);
        require((seen & attention::marked) == 0, "no worker is marked in the end");
        one_out<2, fence>::conclude();
    }
};

[[maybe_unused]] const listed models[] = {
    listed::as<overdue<true>>("watched: an overdue lease ends"),
    listed::as<overdue<false>>("watched: an overdue lease ends, own fence"),
};

}  // namespace

}  // namespace pooly::model::watched
