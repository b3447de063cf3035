// SPDX-License-Identifier: MIT
#pragma once

#include "support/engine.hpp"
//
#include "support/scenario.hpp"

#include <chrono>
#include <cstddef>
#include <new>
#include <optional>
#include <vector>

namespace pooly::model {

/// The way to private members: only where one is instantiated explicitly does nobody ask for access.
template <auto member, class Key>
struct opened {
    friend constexpr auto member_of(Key) noexcept { return member; }
};
struct slots_of_core {
    friend constexpr auto member_of(slots_of_core) noexcept;
};
struct spread_of_core {
    friend constexpr auto member_of(spread_of_core) noexcept;
};
struct size_of_array {
    friend constexpr auto member_of(size_of_array) noexcept;
};
template struct opened<&detail::pool_core::slots_, slots_of_core>;
template struct opened<&detail::pool_core::spread_, spread_of_core>;
template struct opened<&detail::slot_array::size_, size_of_array>;

/// What must hold, or the execution is told with its history.
inline void require(bool holds, const char* what, caller from = {}) {
    if (!holds) rl::ctx().fail_test(what, rl::test_result_user_assert_failed, from);
}

/// How often what happened, for what must be the same whoever was first.
struct tally {
    int made = 0;
    int ended = 0;
};

/// A worker whose every use is one of the kind that the race detector watches: two that are not ordered, be it that two
/// have it at once or that one does not see what the other did, are told.
class worker {
public:
    explicit worker(tally& counts) : counts_{counts}, number_{++counts.made}, uses_{0} {}
    worker(const worker&) = delete;
    worker& operator=(const worker&) = delete;
    ~worker() {
        use();
        ++counts_.ended;
    }

    void use(caller from = {}) {
        const rl::debug_info where = from;
        const int before = uses_(where).load();
        uses_(where).store(before + 1);
    }
    /// Counts from one, in the order in which they were made.
    [[nodiscard]] int number() const noexcept { return number_; }

private:
    tally& counts_;
    const int number_;
    rl::var<int> uses_;
};

using worker_pool = pool<worker, steady_clock>;
using worker_lease = lease<worker>;

/// Where a worker is.
[[nodiscard]] inline detail::slot& slot_of(worker& one) noexcept {
    auto* const behind = reinterpret_cast<std::byte*>(&one);
    return *std::launder(reinterpret_cast<detail::slot*>(behind - detail::worker_layout::of<worker>().offset));
}

inline constexpr auto for_ever = steady_clock::time_point::max();

enum class settling { nothing, stamps, slots, stamps_and_slots };

/// A model: `prepare` and `conclude` run alone, `run(i)` in each of the threads.
template <int threads_, bool fence = true>
class suite : public scenario {
public:
    static constexpr int threads = threads_;

    void before() final {
        world_.process().has_fence = fence;
        prepare();
        world_.threads_run = true;
    }
    void after() final {
        world_.threads_run = false;
        conclude();
    }

protected:
    virtual void prepare() = 0;
    virtual void conclude() = 0;

    /// Without a watchdog, whose errands are no part of what is modelled.
    [[nodiscard]] static pool_options options(std::size_t size, std::size_t max_overflow = 0) {
        pool_options asked;
        asked.size = size;
        asked.max_overflow = max_overflow;
        asked.max_restarts = pool_options::unlimited;
        asked.health_interval = std::chrono::nanoseconds::zero();
        asked.backoff_base = std::chrono::nanoseconds::zero();
        return asked;
    }
    /// What no thread changes from here on, or what nobody asks for, is settled: the fewer places there are to switch
    /// threads at, the more of all orders can be tried.
    void open(const pool_options& asked, settling what = settling::stamps_and_slots) {
        pool_.emplace([this] { return worker{counts_}; }, asked);
        auto& slots = core().*member_of(slots_of_core{});
        if (what == settling::stamps || what == settling::stamps_and_slots)
            slots.for_each([](detail::slot& place) {
                place.file.settle();
                place.function.settle();
                place.line_and_use.settle();
                place.thread.settle();
                place.since.settle();
            });
        if (what == settling::slots || what == settling::stamps_and_slots) {
            (core().*member_of(spread_of_core{})).settle();
            (slots.*member_of(size_of_array{})).settle();
        }
    }
    [[nodiscard]] worker_pool& pool() noexcept { return *pool_; }
    [[nodiscard]] detail::pool_core& core() noexcept { return detail::pool_access::core_of(*pool_); }
    [[nodiscard]] world& my_world() noexcept { return world_; }
    [[nodiscard]] tally& counts() noexcept { return counts_; }

    /// A worker, however long it takes.
    [[nodiscard]] worker_lease wait_for_one() {
        auto got = pool().try_checkout_until(for_ever);
        require(static_cast<bool>(got), "who waits for ever is served");
        return std::move(got).value();
    }

    void end_pool() { pool_.reset(); }

    /// What must hold of a pool of `size` that lives and is used no more.
    void require_rest(std::size_t size, caller from = {}) {
        const auto seen = pool().status();
        require(seen.idle == size && seen.live == size, "all workers are idle in the end", from);
        require(seen.waiting == 0, "nobody is left waiting", from);
        require(counts_.made - counts_.ended == static_cast<int>(size), "no worker is lost", from);
    }

private:
    world world_;
    tally counts_;
    std::optional<worker_pool> pool_;
};

/// A worker is on loan when the threads begin, in the end all come home.
template <int threads, bool fence = true>
class one_out : public suite<threads, fence> {
public:
    void prepare() override { lend_all(this->options(1)); }
    void conclude() override {
        out_.checkin();
        kept_.clear();
        this->require_rest(this->pool().options().size);
        this->end_pool();
    }

protected:
    /// All that the pool can have are on loan, one of them for the threads to return.
    void lend_all(const pool_options& asked) {
        this->open(asked);
        while (kept_.size() + 1 < asked.size + asked.max_overflow) kept_.push_back(this->pool().checkout());
        out_ = this->pool().checkout();
    }

    worker_lease out_;
    std::vector<worker_lease> kept_;
};

}  // namespace pooly::model
