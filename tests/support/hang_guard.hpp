// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "support/stress_budget.hpp"

namespace pooly::test {

/// Ends the program with a message if it is not gone a minute after the budget of a stress test: threads that hang
/// cannot be joined. The bound is only there to give a hang a name; nothing that works comes near it.
class hang_guard {
public:
    explicit hang_guard(std::string what, std::chrono::milliseconds budget = stress_budget(),
                        std::function<std::string()> state = {})
        : what_{std::move(what)}, state_{std::move(state)}, budget_{budget}, thread_{[this] { watch(); }} {}
    hang_guard(const hang_guard&) = delete;
    hang_guard& operator=(const hang_guard&) = delete;
    ~hang_guard() {
        {
            const std::lock_guard guard{mutex_};
            over_ = true;
        }
        changed_.notify_one();
        thread_.join();
    }

private:
    void watch() {
        std::unique_lock lock{mutex_};
        if (changed_.wait_for(lock, std::chrono::minutes{1} + budget_, [this] { return over_; })) return;
        std::fprintf(stderr, "hang: %s\n", what_.c_str());
        if (state_) std::fprintf(stderr, "%s\n", state_().c_str());
        std::abort();
    }

    std::string what_;
    std::function<std::string()> state_;  // told of a hang, if that does not hang, too
    const std::chrono::milliseconds budget_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool over_ = false;
    std::thread thread_;
};

}  // namespace pooly::test
