// SPDX-License-Identifier: MIT

// What the watchdog announces of a lease (A3) and then looks at once more (A4), while that lease ends: nothing is left
// to be told of a lease that is over, and who ends it ends no other's.
#include <memory>
#include <mutex>
#include <utility>

#include "support/listed.hpp"

namespace pooly::model::watched {

namespace {

using namespace std::chrono_literals;

template <bool fence>
class watched : public one_out<2, fence> {
public:
    void prepare() override {
        auto asked = this->options(1);
        asked.watchdog = std::make_shared<pooly::watchdog>(pooly::watchdog::mode::by_hand);
        asked.overdue_after = 1ms;
        this->lend_all(asked);
    }

protected:
    /// What is out is overdue by then.
    void look() {
        pooly::detail::errands found;
        (void)this->core().inspect(std::unique_lock{this->core().control().mutex}, world::beginning + 1s, found);
    }
};

template <bool fence>
class overdue : public watched<fence> {
public:
    void run(unsigned index) override {
        if (index == 0) return this->out_.checkin();
        this->look();
    }
    void conclude() override {
        namespace attention = pooly::detail::attention;
        const auto seen = this->core().control().attention.load(std::memory_order_relaxed);
        require((seen & attention::marked) == 0, "no worker is marked in the end");
        watched<fence>::conclude();
    }
};

template <bool fence>
class next : public watched<fence> {
public:
    void run(unsigned index) override {
        if (index == 0) return this->out_.checkin();
        if (auto got = this->pool().try_checkout()) {
            next_ = std::move(got).value();
            this->look();
        }
    }
    void conclude() override {
        if (next_) {
            this->look();
            require(this->pool().stats().overdue == 1, "one lease is told as overdue once");
            next_.checkin();
        }
        watched<fence>::conclude();
    }

private:
    worker_lease next_;
};

[[maybe_unused]] const listed models[] = {
    listed::as<overdue<true>>("watched: an overdue lease ends"),
    listed::as<overdue<false>>("watched: an overdue lease ends, own fence"),
    listed::as<next<true>>("watched: another's overdue lease does not end"),
    listed::as<next<false>>("watched: another's overdue lease does not end, own fence"),
};

}  // namespace

}  // namespace pooly::model::watched
