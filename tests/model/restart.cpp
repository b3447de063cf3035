// SPDX-License-Identifier: MIT

// A new generation against check-out and check-in: no worker of the former one is lent to one who knows of it, and each
// ends, once.
#include "support/listed.hpp"

namespace pooly::model::restart {

namespace {

template <int threads, bool lent, bool fence>
class renewal : public suite<threads, fence> {
public:
    void prepare() override {
        this->open(this->options(1));
        if (lent) out_ = this->pool().checkout();
    }
    void run(unsigned index) override {
        if (index == 0) {
            this->pool().restart();
            told_.store(1, std::memory_order_release);
            return;
        }
        if (lent && index == 1) {
            out_->use();
            out_.checkin();
        }
        const bool told = told_.load(std::memory_order_acquire) != 0;
        if (auto mine = this->pool().try_checkout()) {
            require(!told || mine->number() > 1, "a worker of the former generation is not lent again");
            mine->use();
        }
    }
    void conclude() override {
        const auto seen = this->pool().status();
        require(seen.live == seen.idle && seen.live <= 1, "no worker of the former generation is left");
        auto mine = this->pool().checkout();
        require(mine->number() > 1, "what is lent in the end is of the new generation");
        mine.checkin();
        this->end_pool();
        require(this->counts().ended == this->counts().made, "each worker ends, once");
    }

private:
    worker_lease out_;
    modelled::atomic<int> told_{0};
};

[[maybe_unused]] const listed models[] = {
    listed::as<renewal<2, false, true>>("restart: beside a check-out"),
    listed::as<renewal<2, false, false>>("restart: beside a check-out, own fence"),
    listed::as<renewal<2, true, true>>("restart: beside a check-in"),
    listed::as<renewal<2, true, false>>("restart: beside a check-in, own fence"),
    listed::as<renewal<3, true, true>>("restart: three threads"),
    listed::as<renewal<3, true, false>>("restart: three threads, own fence"),
};

}  // namespace

}  // namespace pooly::model::restart
