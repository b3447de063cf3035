// SPDX-License-Identifier: MIT

// Claim and release, where nobody waits: a worker has one holder at a time, and each sees what the last one did with it
// (S1, S2, S3, R1 to R3).
#include "support/listed.hpp"

namespace {

using namespace pooly::model;

/// Each takes a worker if it can get one without waiting; where not all is tried, twice.
template <int threads, int places, bool fence>
class turns : public suite<turns<threads, places, fence>, threads, fence> {
public:
    void prepare() { this->open(this->options(places)); }
    void run(unsigned) {
        for (int i = 0; i < (threads == 2 ? 1 : 2); ++i)
            if (auto mine = this->pool().try_checkout()) mine->use();
    }
    void conclude() {
        this->require_rest(places);
        this->end_pool();
    }
};

/// One makes the workers, another takes one on the fast path, without the lock that orders the rest of what is made.
class fresh : public suite<fresh, 2> {
public:
    void prepare() {
        auto lazy = options(1);
        lazy.start = pooly::start_mode::lazy;
        open(lazy);
    }
    void run(unsigned index) {
        if (index == 0)
            (void)pool().prewarm();
        else if (auto mine = pool().try_checkout())
            mine->use();
    }
    void conclude() {
        require_rest(1);
        end_pool();
    }
};

/// One adds places while another walks over them.
class growth : public suite<growth, 2> {
public:
    void prepare() {
        open(options(1), settling::stamps);
        out_ = pool().checkout();
    }
    void run(unsigned index) {
        if (index == 0)
            pool().resize(3, 0);
        else if (auto mine = pool().try_checkout())
            mine->use();
    }
    void conclude() {
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
    listed::as<fresh>("slots: a worker just made"),
    listed::as<growth>("slots: more places"),
};

}  // namespace
