// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <mutex>
#include <optional>
#include <ostream>
#include <string>
#include <variant>

#include <pooly/pooly.hpp>

/// Remembers the last event of each kind; writes all of them to a stream if it is given one.
class event_log final : public pooly::pool_observer {
public:
    explicit event_log(std::ostream* out) {
        if (out != nullptr) lines_.emplace(*out);
    }

    void notify(const pooly::pool_event& event) override {
        {
            const std::lock_guard<std::mutex> guard{mutex_};
            last_[event.what.index()] = event;
        }
        if (lines_) lines_->notify(event);
    }

    /// The last of that kind in a pool of that name, as a line of text; empty if there was none yet.
    template <class Event>
    [[nodiscard]] std::string last(const std::string& pool) const {
        const std::lock_guard<std::mutex> guard{mutex_};
        for (const auto& one : last_)
            if (one.as<Event>() != nullptr && one.pool && *one.pool == pool) return to_string(one);
        return {};
    }

private:
    mutable std::mutex mutex_;
    std::array<pooly::pool_event, std::variant_size_v<pooly::events::any>> last_;  // guarded by mutex_
    std::optional<pooly::stream_observer> lines_;
};
