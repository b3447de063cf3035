// SPDX-License-Identifier: MIT

#include <blockingconcurrentqueue.h>

#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <vector>

#include "../support/borrowed.hpp"
#include "../support/contestants.hpp"
#include "../support/worker.hpp"

namespace bench {
namespace {

/// A pool made of a blocking lock-free queue of idle workers, without tokens: a pool has no place to keep them.
class moodycamel_pool {
public:
    static constexpr const char* name = "moodycamel";

    explicit moodycamel_pool(std::size_t size) : workers_(size) {
        for (worker& one : workers_) idle_.enqueue(&one);
    }

    [[nodiscard, gnu::always_inline]] borrowed<moodycamel_pool> checkout() {
        worker* lent = nullptr;
        if (!idle_.wait_dequeue_timed(lent, std::chrono::seconds{5}))
            throw std::runtime_error{"moodycamel queue: no worker came back in time"};
        return {*this, lent};
    }

    void give_back(worker* lent) { idle_.enqueue(lent); }
    [[nodiscard]] static worker& worker_of(worker* lent) noexcept { return *lent; }

private:
    std::vector<worker> workers_;
    moodycamel::BlockingConcurrentQueue<worker*> idle_;
};

[[maybe_unused]] const bool entered = enter<moodycamel_pool>();

}  // namespace
}  // namespace bench
