// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "actor.hpp"
#include "stage.hpp"

/// Consumers, each a thread with one transaction on a pool.
class audience {
public:
    struct report {
        std::size_t answers = 0;
        std::size_t dead_actors = 0;        // asked one that was dead, or died over it
        std::vector<std::string> failures;  // whatever else went wrong
    };

    enum class manners { ask_once, stay_to_the_end };

    /// Those who stay keep their actor until `leave()`.
    explicit audience(std::shared_ptr<actor_pool> pool, manners how = manners::ask_once)
        : pool_{std::move(pool)}, stays_{how == manners::stay_to_the_end} {}
    audience(const audience&) = delete;
    audience& operator=(const audience&) = delete;
    ~audience() { (void)leave(); }

    /// So many more begin their transaction, in which the actor is busy for as long as `effort`.
    void enter(std::size_t count, std::chrono::nanoseconds effort) {
        while (count-- > 0) threads_.emplace_back([this, effort] { ask(effort); });
    }

    /// Blocks: until all have ended theirs.
    report leave() {
        stays_ = false;
        stays_.notify_all();
        for (auto& one : threads_) one.join();
        threads_.clear();
        return std::exchange(seen_, {});
    }

private:
    void ask(std::chrono::nanoseconds effort) {
        try {
            pool_->transaction([&](actor& one) {
                (void)one.ask(effort);
                stays_.wait(true);
            });
            const std::lock_guard<std::mutex> guard{mutex_};
            ++seen_.answers;
        } catch (const actor_is_dead&) {
            const std::lock_guard<std::mutex> guard{mutex_};
            ++seen_.dead_actors;
        } catch (const std::exception& failure) {
            const std::lock_guard<std::mutex> guard{mutex_};
            seen_.failures.emplace_back(failure.what());
        }
    }

    const std::shared_ptr<actor_pool> pool_;
    std::atomic<bool> stays_;
    std::mutex mutex_;
    report seen_;  // guarded by mutex_
    std::vector<std::thread> threads_;
};
