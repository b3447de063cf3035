// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include <pooly/pooly.hpp>

#include "actor.hpp"
#include "cast.hpp"
#include "event_log.hpp"

using actor_pool = pooly::pool<actor>;

inline constexpr std::array<std::string_view, 4> facts{
    "Chuck Norris counted to infinity. Twice.",
    "Chuck Norris can divide by zero.",
    "Chuck Norris never needs a timeout: time waits for him.",
    "When Chuck Norris throws an exception, nothing can catch it.",
};
inline constexpr std::array<std::string_view, 4> quotes{
    "May the Force be with you.",
    "Do. Or do not. There is no try.",
    "Never tell me the odds!",
    "I have a bad feeling about this.",
};

/// The registry and its two pools, which can be torn down and set up again while others use them by name.
class stage {
public:
    static constexpr std::size_t chuck_size = 2;
    static constexpr std::size_t star_wars_size = 4;
    static constexpr std::size_t overflow = 3;  // of each
    static constexpr std::size_t chuck_places = chuck_size + overflow;
    static constexpr std::chrono::milliseconds check_interval{50};
    static constexpr std::chrono::seconds check_timeout{1};  // long: a busy machine must not look like a hang

    explicit stage(std::shared_ptr<event_log> events) : events_{std::move(events)} {}
    stage(const stage&) = delete;
    stage& operator=(const stage&) = delete;

    void set_up() {
        auto fresh = std::make_shared<pooly::pool_registry>();
        add_pool(*fresh, chuck_cast_, chuck_size);
        add_pool(*fresh, star_wars_cast_, star_wars_size);
        const std::lock_guard<std::mutex> guard{mutex_};
        registry_ = std::move(fresh);
    }

    /// The registry ends when the last who is in one of its verbs is out. Returns: to see when that is.
    std::weak_ptr<pooly::pool_registry> tear_down() {
        const std::lock_guard<std::mutex> guard{mutex_};
        std::weak_ptr<pooly::pool_registry> watched{registry_};
        registry_.reset();
        return watched;
    }

    /// Null while there is none. Keeps it until the result is gone, so that nobody destroys it under the caller.
    [[nodiscard]] std::shared_ptr<pooly::pool_registry> registry() const {
        const std::lock_guard<std::mutex> guard{mutex_};
        return registry_;
    }
    [[nodiscard]] std::shared_ptr<actor_pool> chuck() const { return registry()->get<actor>(chuck_cast_->name()); }
    [[nodiscard]] std::shared_ptr<actor_pool> star_wars() const {
        return registry()->get<actor>(star_wars_cast_->name());
    }

    [[nodiscard]] cast& chuck_cast() noexcept { return *chuck_cast_; }
    [[nodiscard]] cast& star_wars_cast() noexcept { return *star_wars_cast_; }
    [[nodiscard]] const event_log& events() const noexcept { return *events_; }

private:
    void add_pool(pooly::pool_registry& to, const std::shared_ptr<cast>& troupe, std::size_t size) const {
        const pooly::pool_options options{
            .size = size,
            .max_overflow = overflow,
            .check_after_idle = std::chrono::nanoseconds::zero(),  // an actor may be dead at any time
            .health_interval = check_interval,
            .check_timeout = check_timeout,
            .max_restarts = 5,
            .restart_window = std::chrono::seconds{5},
            .backoff_base = std::chrono::milliseconds{100},
            .backoff_cap = std::chrono::seconds{1},
            .observer = events_,
        };
        to.add(troupe->name(), [troupe] { return actor{troupe}; }, options,
               {.healthy = [](actor& one) { return !one.ask().empty(); },
                .reset = [](actor& one) {  // one that died on loan does not come home
                    if (!one.is_alive()) throw actor_is_dead{};
                }});
    }

    const std::shared_ptr<event_log> events_;
    const std::shared_ptr<cast> chuck_cast_ = std::make_shared<cast>("ChuckNorris", facts);
    const std::shared_ptr<cast> star_wars_cast_ = std::make_shared<cast>("StarWars", quotes);
    mutable std::mutex mutex_;
    std::shared_ptr<pooly::pool_registry> registry_;  // guarded by mutex_
};
