// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <stdexcept>

namespace pooly::test {

/// What the workers of one test have in common: how many there are and were, and whether more can be made.
struct backend {
    std::atomic<int> alive{0};
    std::atomic<int> made{0};
    std::atomic<int> refused{0};
    std::atomic<bool> down{false};
};

/// A worker that is counted; neither copied nor moved.
class worker {
public:
    explicit worker(backend& at) : at_{&at}, number_{connect(at)} {}
    worker(const worker&) = delete;
    worker& operator=(const worker&) = delete;
    ~worker() { --at_->alive; }

    [[nodiscard]] int number() const noexcept { return number_; }

    bool dead = false;
    bool dirty = false;

private:
    [[nodiscard]] static int connect(backend& at) {
        if (at.down) {
            ++at.refused;
            throw std::runtime_error{"the backend is down"};
        }
        ++at.alive;
        return ++at.made;
    }

    backend* at_;
    int number_;
};

}  // namespace pooly::test
