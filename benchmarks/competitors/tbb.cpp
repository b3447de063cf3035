// SPDX-License-Identifier: MIT

#include <oneapi/tbb/concurrent_queue.h>

#include <cstddef>
#include <vector>

#include "../support/borrowed.hpp"
#include "../support/contestants.hpp"
#include "../support/worker.hpp"

namespace bench {
namespace {

/// A pool made of a blocking queue of idle workers. `pop` has no timeout, so this pool has none.
class tbb_pool {
public:
    static constexpr const char* name = "tbb";

    explicit tbb_pool(std::size_t size) : workers_(size) {
        for (worker& one : workers_) idle_.push(&one);
    }

    [[nodiscard, gnu::always_inline]] borrowed<tbb_pool> checkout() {
        worker* lent = nullptr;
        idle_.pop(lent);
        return {*this, lent};
    }

    void give_back(worker* lent) { idle_.push(lent); }
    [[nodiscard]] static worker& worker_of(worker* lent) noexcept { return *lent; }

private:
    std::vector<worker> workers_;
    oneapi::tbb::concurrent_bounded_queue<worker*> idle_;
};

[[maybe_unused]] const bool entered = enter<tbb_pool>();

}  // namespace
}  // namespace bench
