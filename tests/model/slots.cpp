// SPDX-License-Identifier: MIT

// Claim and release, where nobody waits: a worker has one holder at a time, and each sees what the last one did with it
// (S1, S2, S3, R1 to R3).
#include <cstddef>

#include "support/listed.hpp"

namespace pooly::model::slots {

namespace {

/// Each takes a worker if it can get one without waiting; where not all is tried, twice.
template <int threads, int places, bool fence>
class turns : public suite<threads, fence> {
public:
    void prepare() override { this->open(this->options(places)); }
    void run(unsigned) override {
        for (int i = 0; i < (threads == 2 ? 1 : 2); ++i)
            if (auto mine = this->pool().try_checkout()) mine->use();
    }
    void conclude() override {
        this->require_rest(places);
        this->end_pool();
    }
};

/// All were served by the same slot last, and so meet in it on the fast path.
template <int threads, bool fence>
class remembered : public suite<threads, fence> {
public:
    void prepare() override {
        this->open(this->options(1));
        auto& place = slot_of(*this->pool().checkout());
        for (std::size_t i = 0; i < threads; ++i)
            this->my_world().card_of(i).remember(this->core().control().pool_id, place);
    }
    void run(unsigned) override {
        if (auto mine = this->pool().try_checkout()) mine->use();
    }
    void conclude() override {
        this->require_rest(1);
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

/// One adds places while another walks over them.
class growth : public suite<2> {
public:
    void prepare() override {
        open(options(1), settling::stamps);
        out_ = pool().checkout();
    }
    void run(unsigned index) override {
        if (index == 0)
            pool().resize(3, 0);
        else if (auto mine = pool().try_checkout())
            mine->use();
    }
    void conclude() override {
        out_.checkin();
        require_rest(3);
        end_pool();
    }

private:
    worker_lease out_;
};

[[maybe_unused]] const listed models[] = {
    listed::as<turns<2, 1, true>>("slots: two threads, one slot"),
    listed::as<turns<2, 1, false>>("slots: two threads, one slot, own fence"),
    listed::as<turns<2, 2, true>>("slots: two threads, two slots"),
    listed::as<turns<2, 2, false>>("slots: two threads, two slots, own fence"),
    listed::as<turns<3, 2, true>>("slots: three threads, two slots"),
    listed::as<turns<3, 2, false>>("slots: three threads, two slots, own fence"),
    listed::as<remembered<2, true>>("slots: two threads, one remembered slot"),
    listed::as<remembered<2, false>>("slots: two threads, one remembered slot, own fence"),
    listed::as<remembered<3, true>>("slots: three threads, one remembered slot"),
    listed::as<fresh>("slots: a worker just made"),
    listed::as<growth>("slots: more places"),
};

}  // namespace

}  // namespace pooly::model::slots
