// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <ostream>
#include <utility>
#include <vector>

#include <pooly/pooly.hpp>

#include "support/catch.hpp"
#include "support/unsupervised.hpp"
#include "support/worker.hpp"

namespace pooly::test {

/// The policies by which a pool may choose among its workers and its waiters. Most rules hold under all of them.
struct policy {
    idle_order order{};
    fairness_policy fairness{};

    friend std::ostream& operator<<(std::ostream& out, const policy& one) {
        constexpr std::array orders{"affine", "lifo", "fifo"};
        constexpr std::array fairnesses{"strict_fifo", "bounded_barging"};
        return out << orders.at(static_cast<std::size_t>(one.order)) << ", "
                   << fairnesses.at(static_cast<std::size_t>(one.fairness));
    }
};

[[nodiscard]] inline std::vector<policy> every_policy() {
    std::vector<policy> all;
    for (const auto order : {idle_order::lifo, idle_order::fifo, idle_order::affine})
        for (const auto fairness : {fairness_policy::strict_fifo, fairness_policy::bounded_barging})
            all.push_back({order, fairness});
    return all;
}

[[nodiscard]] inline pool_options sized(std::size_t size, std::size_t max_overflow, const policy& by = {}) {
    pool_options options;
    options.size = size;
    options.max_overflow = max_overflow;
    options.order = by.order;
    options.fairness = by.fairness;
    return unsupervised(options);
}

/// A pool of counted workers and where they come from.
struct counted_pool {
    counted_pool(std::size_t size, std::size_t max_overflow, const policy& by = {})
        : counted_pool{sized(size, max_overflow, by)} {}
    explicit counted_pool(const pool_options& options, worker_hooks<worker> hooks = {})
        : db{[this] { return worker{at}; }, options, std::move(hooks)} {}

    backend at;
    pool<worker> db;
};

/// What a pool looks like while nothing is under way in it: as many live as are idle or in use.
struct counts {
    std::size_t idle = 0;
    std::size_t in_use = 0;
    std::size_t waiting = 0;
    bool at_rest = true;  // and the other numbers of the status agree with these

    friend bool operator==(const counts&, const counts&) = default;
    friend std::ostream& operator<<(std::ostream& out, const counts& seen) {
        return out << seen.idle << " idle, " << seen.in_use << " in use, " << seen.waiting << " waiting"
                   << (seen.at_rest ? "" : ", NOT AT REST");
    }
};

template <class Pool>
[[nodiscard]] counts look(const Pool& db) {
    const auto seen = db.status();
    const auto size = db.options().size;
    const bool at_rest = seen.making + seen.checking + seen.retiring == 0 && seen.live == seen.idle + seen.in_use &&
                         seen.overflow == (seen.live > size ? seen.live - size : 0);
    return {seen.idle, seen.in_use, seen.waiting, at_rest};
}

/// Checks out so many at once.
template <class Pool>
[[nodiscard]] auto take(Pool& db, std::size_t count) {
    std::vector<lease<typename Pool::worker_type>> taken;
    while (taken.size() < count) taken.push_back(db.checkout());
    return taken;
}

/// Checks in so many, those first that were checked out first.
template <class T>
void give_back(std::vector<lease<T>>& taken, std::size_t count) {
    for (; count > 0; --count) {
        taken.front().checkin();
        taken.erase(taken.begin());
    }
}

/// One worker dies in its consumer's hands.
template <class T>
void kill_one(std::vector<lease<T>>& taken) {
    taken.front().discard();
    taken.erase(taken.begin());
}

/// The number of the worker that one who does not wait gets for a moment; 0 if there is none.
template <class Pool>
[[nodiscard]] int number_of_next(Pool& db) {
    const auto got = db.try_checkout();
    return got ? got->number() : 0;
}

}  // namespace pooly::test

/// Runs the test from here on once for every policy.
#define POOLY_TEST_UNDER_EVERY_POLICY(name)                                             \
    const pooly::test::policy name = GENERATE(from_range(pooly::test::every_policy())); \
    CAPTURE(name)
