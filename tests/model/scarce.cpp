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
    /// All are out, and nobody has found that out by a walk over them, which would begin the index.
    void prepare() override {
        this->open(this->options(places));
        while (kept_.size() < places - 1) kept_.push_back(this->pool().checkout());
        for (auto& one : kept_) slot_of(*one).word.settle();  // they stay where they are
        auto& slots = this->core().*member_of(slots_of_core{});
        auto& last = *slots.find(0, places, [](const pooly::detail::slot& place) {
            return pooly::detail::is_lendable(place.word.load(std::memory_order_relaxed));
        });
        this->my_world().card().remember(this->core().control().pool_id, last);
        out_ = this->pool().checkout();
        require(this->core().control().attention.load(std::memory_order_relaxed) == 0, "the index is yet to begin");
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
