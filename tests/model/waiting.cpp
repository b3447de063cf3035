// SPDX-License-Identifier: MIT

// Announce and look again (A1 to A4): one returns a worker, another one begins to wait for it, or to make one because
// there is none. Who waits here waits for ever, so a wake-up that is lost is a deadlock, and told as such.
#include "support/listed.hpp"

namespace pooly::model::waiting {

namespace {

using pooly::fairness_policy;

template <int threads, int places, bool fence, fairness_policy fairness = fairness_policy::strict_fifo>
class wake_up : public suite<threads, fence> {
public:
    void prepare() override {
        auto asked = this->options(places);
        asked.fairness = fairness;
        this->open(asked);
        for (auto& one : out_) one = this->pool().checkout();
    }
    void run(unsigned index) override {
        if (index < places) {
            out_[index]->use();
            out_[index].checkin();
        } else {
            this->wait_for_one()->use();
        }
    }
    void conclude() override {
        for (auto& one : out_) one.checkin();
        this->require_rest(places);
        this->end_pool();
    }

private:
    worker_lease out_[places];
};

/// Two slots, of which one stays out.
template <bool fence>
class one_of_two : public one_out<2, fence> {
public:
    void prepare() override { this->lend_all(this->options(2)); }
    void run(unsigned index) override {
        if (index == 0)
            this->out_.checkin();
        else
            this->wait_for_one()->use();
    }
};

/// Rule 12: a worker dies beyond `size`, where nobody but the one who waits makes the next.
template <bool fence>
class death : public one_out<2, fence> {
public:
    void prepare() override { this->lend_all(this->options(1, 1)); }
    void run(unsigned index) override {
        if (index == 0)
            this->out_.discard();
        else
            require(this->wait_for_one()->number() == 3, "the dead one is not lent");
    }
};

/// Rule 8: with overflow in use, what comes home is dismissed; the first overflow worker is made only if none is idle.
template <bool returned, bool fence>
class overflow : public one_out<2, fence> {
public:
    void prepare() override {
        this->open(this->options(1, 1));
        this->out_ = this->pool().checkout();
    }
    void run(unsigned index) override {
        if (index == 0) return this->out_.checkin();
        mine_ = this->pool().checkout();
        mine_->use();
        if (returned) mine_.checkin();
    }
    void conclude() override {
        const auto seen = this->pool().status();
        require(seen.overflow == 0 || seen.idle == 0, "overflow is in use only while none is idle");
        mine_.checkin();
        one_out<2, fence>::conclude();
    }

private:
    worker_lease mine_;
};

/// A pool that is made smaller while one worker comes home and another one stays out (I1).
template <bool fence>
class shrink : public one_out<2, fence> {
public:
    void prepare() override { this->lend_all(this->options(2)); }
    void run(unsigned index) override {
        if (index == 0)
            this->out_.checkin();
        else
            this->pool().resize(1, 0);
    }
    void conclude() override {
        require(this->pool().status().live == 1, "as many are left as there are places");
        one_out<2, fence>::conclude();
    }
};

[[maybe_unused]] const listed models[] = {
    listed::as<wake_up<2, 1, true>>("waiting: one slot"),
    listed::as<wake_up<2, 1, false>>("waiting: one slot, own fence"),
    listed::as<one_of_two<true>>("waiting: one of two slots"),
    listed::as<one_of_two<false>>("waiting: one of two slots, own fence"),
    listed::as<death<true>>("waiting: the worker dies"),
    listed::as<death<false>>("waiting: the worker dies, own fence"),
    listed::as<overflow<true, true>>("waiting: overflow"),
    listed::as<overflow<true, false>>("waiting: overflow, own fence"),
    listed::as<overflow<false, true>>("waiting: overflow that stays out"),
    listed::as<overflow<false, false>>("waiting: overflow that stays out, own fence"),
    listed::as<shrink<true>>("waiting: a smaller pool"),
    listed::as<shrink<false>>("waiting: a smaller pool, own fence"),
    listed::as<wake_up<2, 1, true, fairness_policy::bounded_barging>>("waiting: barging"),
    listed::as<wake_up<3, 1, true>>("waiting: two for one slot"),
    listed::as<wake_up<3, 1, false>>("waiting: two for one slot, own fence"),
    listed::as<wake_up<3, 2, true>>("waiting: one for two slots"),
    listed::as<wake_up<3, 1, true, fairness_policy::bounded_barging>>("waiting: two for one slot, barging"),
};

}  // namespace

}  // namespace pooly::model::waiting
