// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstddef>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>

class actor;

/// All the actors of a pool, and what they have to say: whoever wants to kill one finds it here, behind the pool's
/// back. Thread safety: any. (The verbs that need to know what an actor is are in actor.hpp.)
class cast {
public:
    cast(std::string name, std::span<const std::string_view> lines) : name_{std::move(name)}, lines_{lines} {}
    cast(const cast&) = delete;
    cast& operator=(const cast&) = delete;

    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    /// One after the other, and then again.
    [[nodiscard]] std::string next_line() { return std::string{lines_[next_line_++ % lines_.size()]}; }

    void join(actor& newcomer) {
        const std::lock_guard<std::mutex> guard{mutex_};
        actors_.insert(&newcomer);
    }
    void leave(actor& leaver) noexcept {
        const std::lock_guard<std::mutex> guard{mutex_};
        actors_.erase(&leaver);
    }
    [[nodiscard]] std::size_t size() const {
        const std::lock_guard<std::mutex> guard{mutex_};
        return actors_.size();
    }

    /// Ends the thread of each. Returns how many were alive.
    std::size_t kill_all();
    /// Of each that does not hang.
    void kill_others();
    /// From now on one of them answers nobody.
    void hang_one();
    /// Ends that.
    void wake_all();
    [[nodiscard]] std::size_t alive() const;

    /// For the threads of the actors: how many began, and how many are through.
    void note_begin() noexcept { ++begun_; }
    void note_end() noexcept { ++ended_; }
    [[nodiscard]] std::size_t begun() const noexcept { return begun_; }
    [[nodiscard]] std::size_t ended() const noexcept { return ended_; }

private:
    const std::string name_;
    const std::span<const std::string_view> lines_;
    std::atomic<std::size_t> next_line_{0};
    std::atomic<std::size_t> begun_{0};
    std::atomic<std::size_t> ended_{0};
    mutable std::mutex mutex_;  // taken before an actor's
    std::set<actor*> actors_;
};
