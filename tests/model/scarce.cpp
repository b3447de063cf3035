// SPDX-License-Identifier: MIT

// The index of idle workers, for a pool so large that a walk over it is long: it is announced (A3) and filled (A4)
// while a worker comes home, which is then in it or brought to it by whoever returned it.
#include <cstddef>
#include <utility>
#include <vector>

#include "support/listed.hpp"

namespace pooly::model::scarce {

namespace {

template <bool fence>
class indexed : public suite<2, fence> {
public:
    void prepare() override {
        this->open(this->options(places));
        for (std::size_t i = 0; i < places; ++i) kept_.push_back(this->pool().checkout());
        out_ = std::move(kept_.back());
        kept_.pop_back();
        for (auto& one : kept_) slot_of(*one).word.settle();  // they stay where they are
    }
    void run(unsigned index) override {
        if (index == 0)
            out_.checkin();
        else
            this->wait_for_one()->use();
    }
    void conclude() override {
        kept_.clear();
        this->require_rest(places);
        this->end_pool();
    }

private:
    static constexpr std::size_t places = 65;  // one more than a short walk has

    std::vector<worker_lease> kept_;
    worker_lease out_;
};

[[maybe_unused]] const listed models[] = {
    listed::as<indexed<true>>("scarce: one of many"),
    listed::as<indexed<false>>("scarce: one of many, own fence"),
};

}  // namespace

}  // namespace pooly::model::scarce
