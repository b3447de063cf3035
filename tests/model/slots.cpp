// SPDX-License-Identifier: MIT

// Claim and release, where nobody waits: a worker has one holder at a time, and each sees what the last one did with it
// (S1, S2, S3, R1 to R3).
#include <array>
#include <cstddef>

#include "support/listed.hpp"

namespace pooly::model::slots {

namespace {

/// Each takes a worker if it can get one without waiting, and again.
template <int threads, int places, bool fence, int turns_each = threads - 1>
class turns : public suite<threads, fence> {
public:
    void prepare() override { this->open(this->options(places)); }
    void run(unsigned) override {
        for (int i = 0; i < turns_each; ++i)
            if (auto mine = this->pool().try_checkout()) mine->use();
    }
    void conclude() override {
        this->require_rest(places);
        this->end_pool();
    }
};

/// All were served by the same slot last, and so meet in it on the fast path.
template <int threads, int places, bool fence>
class remembered : public suite<threads, fence> {
public:
    void prepare() override {
        this->open(this->options(places));
        auto& place = slot_of(*this->pool().checkout());
        for (std::size_t i = 0; i < threads; ++i)
            this->my_world().card_of(i).remember(this->core().control().pool_id, place);
    }
    void run(unsigned) override {
        if (auto mine = this->pool().try_checkout()) mine->use();
    }
    void conclude() override {
        this->require_rest(places);
        this->end_pool();
    }
};

/// One makes the workers, another takes one on the fast path, without the lock that orders the rest of what is made.
class fresh : public suite<2> {
public:
    void prepare() override {
        auto lazy = options(1);
        lazy.start = pooly::start_mode::lazy;
        open(lazy);
    }
    void run(unsigned index) override {
        if (index == 0)
            (void)pool().prewarm();
        else if (auto mine = pool().try_checkout())
            mine->use();
    }
    void conclude() override {
        require_rest(1);
        end_pool();
    }
};

/// One adds places while another walks over them, from the first on or (of two) from the second: there it comes to the
/// end of those that it knows of, where it may meet one that it does not.
template <int places>
class growth : public suite<2> {
public:
    void prepare() override {
        open(options(places), settling::stamps);
        for (auto& one : out_) one = pool().checkout();
    }
    void run(unsigned index) override {
        if (index == 1)
            pool().resize(places + 1, 0);
        else if (auto mine = pool().try_checkout())
            mine->use();
    }
    void conclude() override {
        for (auto& one : out_) one.checkin();
        require_rest(places + 1);
        end_pool();
    }

private:
    std::array<worker_lease, places> out_;
};

[[maybe_unused]] const listed models[] = {
    listed::as<turns<2, 1, true>>("slots: two threads, one slot"),
    listed::as<turns<2, 1, false>>("slots: two threads, one slot, own fence"),
    listed::as<turns<2, 2, true>>("slots: two threads, two slots"),
    listed::as<turns<2, 2, false>>("slots: two threads, two slots, own fence"),
    listed::as<turns<2, 2, true, 2>>("slots: two threads, two slots, two turns"),
    listed::as<turns<2, 2, false, 2>>("slots: two threads, two slots, two turns, own fence"),
    listed::as<turns<3, 2, true>>("slots: three threads, two slots"),
    listed::as<turns<3, 2, false>>("slots: three threads, two slots, own fence"),
    listed::as<remembered<2, 1, true>>("slots: two threads remember the only slot"),
    listed::as<remembered<2, 1, false>>("slots: two threads remember the only slot, own fence"),
    listed::as<remembered<2, 2, true>>("slots: two threads remember one of two slots"),
    listed::as<remembered<2, 2, false>>("slots: two threads remember one of two slots, own fence"),
    listed::as<remembered<3, 2, true>>("slots: three threads remember one of two slots"),
    listed::as<fresh>("slots: a worker just made"),
    listed::as<turns<2, 1, true, 2>>("at length: two threads, one slot, two turns"),
    listed::as<growth<1>>("slots: more places"),
    listed::as<growth<2>>("slots: more places, from the second on"),
};

}  // namespace

}  // namespace pooly::model::slots
