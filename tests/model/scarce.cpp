// SPDX-License-Identifier: MIT

// The index of idle workers, for a pool so large that a walk over it is long: it is announced (A3) and filled (A4)
// while a worker comes home, which is then in it or brought to it by whoever returned it.
#include <cstddef>

#include "support/listed.hpp"

namespace pooly::model::scarce {

namespace {

template <bool fence>
class indexed : public one_out<2, fence> {
public:
    /// All are out, and nobody has found that out by a walk over them, which would begin the index.
    void prepare() override {
        this->open(this->options(places));
        while (this->kept_.size() < places - 1) this->kept_.push_back(this->pool().checkout());
        for (auto& one : this->kept_) slot_of(*one).word.settle();  // they stay where they are
        auto& slots = this->core().*member_of(slots_of_core{});
        auto& last = *slots.find(0, places, [](const pooly::detail::slot& place) {
            return pooly::detail::is_lendable(place.word.load(std::memory_order_relaxed));
        });
        this->my_world().card().remember(this->core().control().pool_id, last);
        this->out_ = this->pool().checkout();
        require(this->core().control().attention.load(std::memory_order_relaxed) == 0, "the index is yet to begin");
    }
    void run(unsigned index) override {
        if (index == 0)
            this->out_.checkin();
        else
            this->wait_for_one()->use();
    }

private:
    static constexpr std::size_t places = 65;  // one more than a short walk has
};

[[maybe_unused]] const listed models[] = {
    listed::as<indexed<true>>("scarce: one of many"),
    listed::as<indexed<false>>("scarce: one of many, own fence"),
};

}  // namespace

}  // namespace pooly::model::scarce
