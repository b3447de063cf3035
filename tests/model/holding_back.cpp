// SPDX-License-Identifier: MIT

// Suspend and drain against check-out and check-in: nothing is lent to one who knows of it, and who drains is woken.
#include "support/listed.hpp"

namespace pooly::model::holding_back {

namespace {

using namespace std::chrono_literals;

template <int threads, bool lent, bool fence>
class suspension : public suite<threads, fence> {
public:
    void prepare() override {
        this->open(this->options(1));
        if (lent) out_ = this->pool().checkout();
    }
    void run(unsigned index) override {
        if (index == 0) {
            this->pool().suspend();
            told_.store(1, std::memory_order_release);
            return;
        }
        if (lent && index == 1) out_.checkin();
        const bool told = told_.load(std::memory_order_acquire) != 0;
        auto mine = this->pool().try_checkout();
        require(lent || !told || !mine, "a suspended pool lends nothing");
        if (mine) mine->use();
    }
    void conclude() override {
        require(!this->pool().try_checkout(), "what came home meanwhile is held back");
        this->pool().resume();
        this->require_rest(1);
        this->pool().checkout()->use();
        this->end_pool();
    }

private:
    worker_lease out_;
    modelled::atomic<int> told_{0};
};

/// One waits for the leases to come home, without bound; with three threads another one tries to get what came home.
template <int threads, bool fence>
class drain : public one_out<threads, fence> {
public:
    void run(unsigned index) override {
        if (index == 0) {
            require(this->pool().drain_for(std::chrono::nanoseconds::max()) == 0, "who drains for ever sees the end");
        } else if (index == 1) {
            this->out_->use();
            this->out_.checkin();
        } else if (auto mine = this->pool().try_checkout()) {
            mine->use();
        }
    }
};

[[maybe_unused]] const listed models[] = {
    listed::as<suspension<2, false, true>>("holding back: beside a check-out"),
    listed::as<suspension<2, false, false>>("holding back: beside a check-out, own fence"),
    listed::as<suspension<2, true, true>>("holding back: beside a check-in"),
    listed::as<suspension<2, true, false>>("holding back: beside a check-in, own fence"),
    listed::as<drain<2, true>>("holding back: drain"),
    listed::as<drain<2, false>>("holding back: drain, own fence"),
    listed::as<suspension<3, true, true>>("holding back: three threads"),
    listed::as<drain<3, true>>("holding back: drain, three threads"),
};

}  // namespace

}  // namespace pooly::model::holding_back
