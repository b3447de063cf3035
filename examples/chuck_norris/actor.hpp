// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "cast.hpp"

/// What the consumer of a dead actor gets.
class actor_is_dead : public std::runtime_error {
public:
    actor_is_dead() : std::runtime_error{"the actor is dead"} {}
};

/// A worker: a thread with a mailbox, which answers each request with a line of its cast. It can die at any time, and
/// then answers no more. It can be neither copied nor moved.
class actor {
public:
    explicit actor(std::shared_ptr<cast> troupe) : troupe_{std::move(troupe)}, thread_{[this] { act(); }} {
        troupe_->join(*this);
    }
    actor(const actor&) = delete;
    actor& operator=(const actor&) = delete;
    ~actor() {
        troupe_->leave(*this);
        kill();
        thread_.join();
    }

    /// Blocks: until the thread has answered, which takes it as long as `effort`. Throws `actor_is_dead`.
    std::string ask(std::chrono::nanoseconds effort = {}) {
        std::unique_lock<std::mutex> lock{mutex_};
        request mine{effort, std::nullopt};
        if (alive_) mailbox_.push_back(&mine);
        changed_.notify_all();
        changed_.wait(lock, [&] { return mine.answer || !alive_; });
        if (!mine.answer) throw actor_is_dead{};
        return *std::move(mine.answer);
    }

    [[nodiscard]] bool is_alive() const {
        const std::lock_guard<std::mutex> guard{mutex_};
        return alive_;
    }

    [[nodiscard]] bool hangs() const {
        const std::lock_guard<std::mutex> guard{mutex_};
        return hangs_;
    }

    /// The thread ends at once, whatever it is doing.
    void kill() noexcept { change(&actor::killed_, true); }
    /// It answers nobody, not even whether it is well.
    void hang() noexcept { change(&actor::hangs_, true); }
    void wake() noexcept { change(&actor::hangs_, false); }

private:
    struct request {
        std::chrono::nanoseconds effort;
        std::optional<std::string> answer;
    };

    void change(bool actor::*what, bool to) noexcept {
        const std::lock_guard<std::mutex> guard{mutex_};
        this->*what = to;
        changed_.notify_all();
    }

    void act() {
        troupe_->note_begin();
        std::unique_lock<std::mutex> lock{mutex_};
        for (;;) {
            changed_.wait(lock, [this] { return killed_ || (!hangs_ && !mailbox_.empty()); });
            if (killed_) break;
            request& next = *mailbox_.front();
            mailbox_.pop_front();
            if (changed_.wait_for(lock, next.effort, [this] { return killed_; })) break;
            next.answer = troupe_->next_line();
            changed_.notify_all();
        }
        alive_ = false;
        mailbox_.clear();
        changed_.notify_all();
        lock.unlock();
        troupe_->note_end();
    }

    const std::shared_ptr<cast> troupe_;
    mutable std::mutex mutex_;  // guards all that follows, the thread aside
    std::condition_variable changed_;
    std::deque<request*> mailbox_;  // each lives in the `ask` that waits for it
    bool killed_ = false;
    bool hangs_ = false;
    bool alive_ = true;
    std::thread thread_;  // last: it uses the others
};

inline std::size_t cast::kill_all() {
    const std::lock_guard<std::mutex> guard{mutex_};
    std::size_t killed = 0;
    for (auto* const one : actors_) {
        if (one->is_alive()) ++killed;
        one->kill();
    }
    return killed;
}

inline void cast::kill_others() {
    const std::lock_guard<std::mutex> guard{mutex_};
    for (auto* const one : actors_)
        if (!one->hangs()) one->kill();
}

inline void cast::hang_one() {
    const std::lock_guard<std::mutex> guard{mutex_};
    if (!actors_.empty()) (*actors_.begin())->hang();
}

inline void cast::wake_all() {
    const std::lock_guard<std::mutex> guard{mutex_};
    for (auto* const one : actors_) one->wake();
}

inline std::size_t cast::alive() const {
    const std::lock_guard<std::mutex> guard{mutex_};
    std::size_t alive = 0;
    for (const auto* const one : actors_)
        if (one->is_alive()) ++alive;
    return alive;
}
