// SPDX-License-Identifier: MIT
#pragma once

#include <sqlite3.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <utility>
#include <vector>

#include <pooly/adapters/sqlite.hpp>

#include "support/seed.hpp"

namespace pooly::test {

/// What a connection goes through; once cut it stays so.
class wire {
public:
    [[nodiscard]] bool is_cut() const { return cut_by_ != 0; }
    /// Whether it was one of the first so many that were cut.
    [[nodiscard]] bool was_cut(std::uint64_t kills) const {
        const auto by = cut_by_.load();
        return by != 0 && by <= kills;
    }

private:
    friend class network;
    std::atomic<std::uint64_t> cut_by_{0};  // which kill it was; 0: none
};

/// All wires there ever were, so that who held a connection may still look at its wire.
class network {
public:
    [[nodiscard]] wire& plug_in() {
        const std::lock_guard guard{mutex_};
        connected_.push_back(&wires_.emplace_back());
        return *connected_.back();
    }
    void plug_out(const wire& one) {
        const std::lock_guard guard{mutex_};
        connected_.erase(std::find(connected_.begin(), connected_.end(), &one));
    }

    /// Kills so many at most, whether they are idle or at work.
    void cut(std::size_t count, dice& roll) {
        const std::lock_guard guard{mutex_};
        auto alive = connected_;
        std::erase_if(alive, [](const wire* one) { return one->is_cut(); });
        for (; count > 0 && !alive.empty(); --count) {
            const auto victim = alive.begin() + static_cast<std::ptrdiff_t>(roll(alive.size()));
            // In this order: who sees the new number of kills sees a dead wire.
            (*victim)->cut_by_ = kills_ + 1;
            ++kills_;
            alive.erase(victim);
        }
    }
    void cut_all(dice& roll) { cut(connected(), roll); }

    [[nodiscard]] std::uint64_t kills() const { return kills_; }
    [[nodiscard]] bool connects(const wire& one) const {
        const std::lock_guard guard{mutex_};
        return std::find(connected_.begin(), connected_.end(), &one) != connected_.end();
    }
    [[nodiscard]] std::size_t connected() const {
        const std::lock_guard guard{mutex_};
        return connected_.size();
    }
    [[nodiscard]] std::size_t dead() const {
        const std::lock_guard guard{mutex_};
        return static_cast<std::size_t>(
            std::count_if(connected_.begin(), connected_.end(), [](const wire* one) { return one->is_cut(); }));
    }

private:
    mutable std::mutex mutex_;  // guards the containers, and writing the kills
    std::deque<wire> wires_;
    std::vector<wire*> connected_;
    std::atomic<std::uint64_t> kills_{0};
};

/// A SQLite connection that dies when its wire is cut: the statement that runs is interrupted, and from then on SQLite
/// refuses each, `commit` and `rollback` among them. Nobody tells the pool, which has only the adapter to ask.
class mortal_connection : public sqlite::connection {
public:
    mortal_connection(sqlite::connection opened, network& at)
        : connection{std::move(opened)}, at_{at}, wire_{at.plug_in()} {
        const auto interrupts = [](void* by) { return is_cut(by) ? 1 : 0; };
        sqlite3_progress_handler(get(), 1, interrupts, &wire_);
        // A short statement may be through before SQLite looks at its progress; none is prepared without this.
        const auto refuses = [](void* by, int, const char*, const char*, const char*, const char*) {
            return is_cut(by) ? SQLITE_DENY : SQLITE_OK;
        };
        sqlite3_set_authorizer(get(), refuses, &wire_);
    }
    mortal_connection(const mortal_connection&) = delete;
    mortal_connection& operator=(const mortal_connection&) = delete;
    ~mortal_connection() { at_.plug_out(wire_); }

    [[nodiscard]] const wire& line() const { return wire_; }

private:
    [[nodiscard]] static bool is_cut(const void* by) { return static_cast<const wire*>(by)->is_cut(); }

    network& at_;
    wire& wire_;
};

}  // namespace pooly::test

/// The adapter's own.
template <>
struct pooly::worker_traits<pooly::test::mortal_connection> : pooly::worker_traits<pooly::sqlite::connection> {};
