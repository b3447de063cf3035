// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

namespace pooly::test {

/// Ends the program with a message if it is not gone in time: threads that hang cannot be joined. The bound is only
/// there to give a hang a name; nothing that works comes near it.
class hang_guard {
public:
    explicit hang_guard(std::string what, std::chrono::seconds bound = std::chrono::seconds{60})
        : what_{std::move(what)}, thread_{[this, bound] { watch(bound); }} {}
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
    void watch(std::chrono::seconds bound) {
        std::unique_lock lock{mutex_};
        if (changed_.wait_for(lock, bound, [this] { return over_; })) return;
        std::fprintf(stderr, "hang: %s\n", what_.c_str());
        std::abort();
    }

    std::string what_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool over_ = false;
    std::thread thread_;
};

}  // namespace pooly::test
