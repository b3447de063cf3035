// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

#include <pooly/pooly.hpp>

namespace pooly::test {

/// An observer that keeps all it is told.
class recorder final : public pool_observer {
public:
    void notify(const pool_event& event) override {
        const std::lock_guard guard{mutex_};
        all_.push_back(event);
    }

    [[nodiscard]] std::vector<pool_event> all() const {
        const std::lock_guard guard{mutex_};
        return all_;
    }
    /// Those of one kind, in order.
    template <class Event>
    [[nodiscard]] std::vector<Event> of() const {
        std::vector<Event> some;
        for (const auto& event : all())
            if (const auto* one = event.template as<Event>()) some.push_back(*one);
        return some;
    }
    template <class Event>
    [[nodiscard]] std::size_t count() const {
        return of<Event>().size();
    }

private:
    mutable std::mutex mutex_;
    std::vector<pool_event> all_;
};

}  // namespace pooly::test
