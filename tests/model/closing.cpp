// SPDX-License-Identifier: MIT

// Close against all that lends and returns (I7, I9): nobody who knows of it gets a worker, nobody blocks, and each
// worker ends, once.
#include "support/listed.hpp"

namespace pooly::model::closing {

namespace {

template <int threads, bool fence>
class closed_by_first : public suite<threads, fence> {
public:
    void conclude() override {
        this->end_pool();
        require(this->counts().ended == this->counts().made, "each worker ends, once");
    }

protected:
    void close() {
        this->pool().close();
        told_.store(1, std::memory_order_release);
    }
    /// One try, which must fail for one who was told.
    void try_once() {
        const bool told = told_.load(std::memory_order_acquire) != 0;
        auto mine = this->pool().try_checkout();
        require(!told || !mine, "a closed pool lends nothing");
        if (mine) mine->use();
    }

private:
    modelled::atomic<int> told_{0};
};

/// Beside an idle worker.
template <int threads, bool fence>
class idle : public closed_by_first<threads, fence> {
public:
    void prepare() override { this->open(this->options(1)); }
    void run(unsigned index) override {
        if (index == 0) return this->close();
        this->try_once();
        this->try_once();
    }
};

/// While a worker comes home.
template <bool fence>
class lent : public closed_by_first<2, fence> {
public:
    void prepare() override {
        this->open(this->options(1));
        out_ = this->pool().checkout();
    }
    void run(unsigned index) override {
        if (index == 0) return this->close();
        out_->use();
        out_.checkin();
    }

private:
    worker_lease out_;
};

/// While one waits, who is to be told; with three threads a worker comes home, too.
template <int threads>
class awaited : public closed_by_first<threads, true> {
public:
    void prepare() override {
        this->open(this->options(1));
        out_ = this->pool().checkout();
    }
    void run(unsigned index) override {
        if (index == 0) return this->close();
        if (index == 2) return out_.checkin();
        if (auto mine = this->pool().try_checkout_until(for_ever))
            mine->use();
        else
            require(mine.error() == pooly::errc::closed, "the reason is told");
    }
    void conclude() override {
        out_.checkin();
        closed_by_first<threads, true>::conclude();
    }

private:
    worker_lease out_;
};

/// A lease that outlives its pool, and a pool that comes into its control block: whoever returns a worker looks at the
/// attention word once more when the pool may be gone.
template <bool fence>
class outlived : public suite<2, fence> {
public:
    void prepare() override {
        this->open(this->options(1));
        out_ = this->pool().checkout();
    }
    void run(unsigned index) override {
        if (index == 1) return out_.checkin();
        this->end_pool();
        this->open(this->options(1), settling::nothing);
        this->pool().suspend();
        this->pool().resume();
    }
    void conclude() override {
        this->end_pool();
        require(this->counts().made == 2 && this->counts().ended == 2, "each worker ends, once");
    }

private:
    worker_lease out_;
};

[[maybe_unused]] const listed models[] = {
    listed::as<idle<2, true>>("close: beside check-outs"),
    listed::as<idle<2, false>>("close: beside check-outs, own fence"),
    listed::as<lent<true>>("close: beside a check-in"),
    listed::as<lent<false>>("close: beside a check-in, own fence"),
    listed::as<awaited<2>>("close: beside one who waits"),
    listed::as<outlived<true>>("close: a lease that outlives its pool"),
    listed::as<outlived<false>>("close: a lease that outlives its pool, own fence"),
    listed::as<idle<3, true>>("close: beside check-outs, three threads"),
    listed::as<awaited<3>>("close: beside one who waits and a check-in"),
};

}  // namespace

}  // namespace pooly::model::closing
