// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "actor.hpp"
#include "stage.hpp"

/// Asks the pool "StarWars" all the time, by name, and measures how long it was without an answer.
class steady_consumer {
public:
    using clock = std::chrono::steady_clock;

    struct report {
        std::uint64_t answers = 0;
        std::uint64_t failures = 0;
        std::string failure;  // the text of the last one
        std::chrono::nanoseconds longest_gap{};
    };

    explicit steady_consumer(stage& asks) : stage_{asks}, last_{clock::now()}, thread_{[this] { run(); }} {}
    steady_consumer(const steady_consumer&) = delete;
    steady_consumer& operator=(const steady_consumer&) = delete;
    ~steady_consumer() { stop(); }

    void stop() {
        stop_ = true;
        if (thread_.joinable()) thread_.join();
    }

    /// Whether there was an answer since `take` was last called.
    [[nodiscard]] bool has_served() {
        const std::lock_guard<std::mutex> guard{mutex_};
        return since_.answers > 0;
    }
    /// What happened since this was last called; a gap that is not over yet counts.
    report take() {
        const std::lock_guard<std::mutex> guard{mutex_};
        note_gap();
        return std::exchange(since_, {});
    }

private:
    void run() {
        while (!stop_) {
            const auto registry = stage_.registry();
            if (!registry) {  // it is being rebuilt
                std::this_thread::sleep_for(std::chrono::microseconds{100});
                continue;
            }
            try {
                registry->transaction<actor>(stage_.star_wars_cast().name(),
                                             [](actor& one) { return one.ask(std::chrono::milliseconds{1}); });
                const std::lock_guard<std::mutex> guard{mutex_};
                ++since_.answers;
                note_gap();
                last_ = clock::now();
            } catch (const std::exception& failure) {
                const std::lock_guard<std::mutex> guard{mutex_};
                ++since_.failures;
                since_.failure = failure.what();
            }
        }
    }

    void note_gap() {
        since_.longest_gap = std::max<std::chrono::nanoseconds>(since_.longest_gap, clock::now() - last_);
    }

    stage& stage_;
    std::atomic<bool> stop_{false};
    std::mutex mutex_;
    report since_;            // guarded by mutex_
    clock::time_point last_;  // the same: when the last answer came
    std::thread thread_;      // last: it uses the others
};
