// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <pooly/detail/clock_source.hpp>
#include <pooly/detail/errand.hpp>
#include <pooly/detail/event_queue.hpp>
#include <pooly/detail/shed_tally.hpp>
#include <pooly/detail/slot.hpp>
#include <pooly/detail/splitmix64.hpp>
#include <pooly/error.hpp>
#include <pooly/pool_event.hpp>
#include <pooly/pool_observer.hpp>
#include <pooly/pool_options.hpp>

namespace pooly::detail {

class patrol;

/// What is remembered of the worker in a slot, for as long as it lives there.
struct slot_care {
    clock_source::instant checked{};  // when it was known to be well without being used
    clock_source::instant expires = clock_source::never;
    std::uint64_t told_use = 0;  // the use that was told as overdue; 0: none
    bool connects = false;       // its factory is not through, nor given up: the governor waits for it
    bool ends = false;           // it is to end when it comes home
    bool written_off = false;    // its place was given away: it counts no more until it is back
    events::retirement why{};    // if it ends
};

/// All that only a watched pool needs. Guarded by the pool's lock.
struct care {
    static constexpr std::size_t queued_events = 1024;
    static constexpr std::size_t most_stuck = 4;  // then no more of its user code is called until some of it is through
    static constexpr std::chrono::milliseconds rest{100};

    /// An errand that is out.
    struct outing {
        std::uint64_t number;
        errand::task what;
        slot* place;  // null from the moment that it is another's
        bool stuck = false;
    };

    care(std::shared_ptr<patrol> watched_by, std::shared_ptr<pool_observer> listener, std::size_t slots,
         std::uint64_t seed)
        : by{std::move(watched_by)}, observer{std::move(listener)}, of(slots), random{seed} {
        out.reserve(errands::most);
        if (!observer) return;
        events.emplace(queued_events);
        lost.reserve(queued_events);
    }

    /// Between 0 and 1.
    [[nodiscard]] double share() noexcept { return static_cast<double>(random() >> 11U) * 0x1p-53; }

    /// When the first check of a new worker is due: spread over the whole interval, so that workers that are made
    /// together are not checked together.
    [[nodiscard]] clock_source::instant first_check(clock_source::instant made, std::chrono::nanoseconds interval) {
        return made -
               std::chrono::nanoseconds{static_cast<std::int64_t>(static_cast<double>(interval.count()) * share())};
    }
    /// When a new worker's time is over.
    [[nodiscard]] clock_source::instant end_of_life(clock_source::instant made, const pool_options& options) {
        const auto most = options.max_lifetime;
        if (most == most.zero()) return clock_source::never;
        const auto less = static_cast<double>(most.count()) * options.lifetime_jitter * share();
        return clock_source::later(made, most - std::chrono::nanoseconds{static_cast<std::int64_t>(less)});
    }

    /// How many errands of a kind are out that are not stuck: those that others wait for.
    [[nodiscard]] std::size_t under_way(errand::task what) const noexcept {
        return count([what](const outing& one) { return one.what == what && !one.stuck; });
    }
    /// How many of two kinds are out, stuck ones included.
    [[nodiscard]] std::size_t out_for(errand::task what, errand::task or_what) const noexcept {
        return count([=](const outing& one) { return one.what == what || one.what == or_what; });
    }
    [[nodiscard]] bool may_send() const noexcept {
        return out.size() + 1 < errands::most &&  // one for the observer
               count([](const outing& one) { return one.stuck; }) < most_stuck;
    }
    [[nodiscard]] bool has_news() const noexcept { return events && !events->empty(); }
    template <class Predicate>
    [[nodiscard]] std::size_t count(Predicate&& which) const noexcept {
        return static_cast<std::size_t>(std::count_if(out.begin(), out.end(), which));
    }
    /// Whoever is on an errand does not own the place any more.
    void let_go(const slot& place) noexcept {
        for (auto& one : out)
            if (one.place == &place) one.place = nullptr;
    }
    [[nodiscard]] shed_tally& shed_for(errc reason) noexcept { return shed[reason == errc::overloaded ? 0 : 1]; }
    [[nodiscard]] outing* find(std::uint64_t number) noexcept {
        const auto one = std::find_if(out.begin(), out.end(), [number](const outing& o) { return o.number == number; });
        return one != out.end() ? &*one : nullptr;
    }

    std::shared_ptr<patrol> by;
    std::shared_ptr<pool_observer> observer;
    std::optional<event_queue> events;  // if there is an observer
    std::array<shed_tally, 2> shed{shed_tally{errc::overloaded}, shed_tally{errc::backend_unavailable}};
    std::deque<slot_care> of;  // by the slot's index; stays where it is as it grows
    splitmix64 random;
    std::vector<std::uint64_t> lost;  // workers that wait for a successor, the oldest first
    std::vector<outing> out;          // errands
    std::uint64_t errands_sent = 0;
    std::size_t ending = 0;  // workers that are to end when they come home, and still count
    int filling = 0;         // callers that make what is missing
    std::size_t told = 0;    // leases that were told as overdue
    std::size_t filled = 0;  // the most workers there were at once, up to `size`
    clock_source::instant rests_until = clock_source::instant::min();  // after a failure that nobody else paces
    std::uint64_t uses_seen = 0;                                       // check-outs by the last look
    bool dozes = false;    // none since the look before: the next one tells the watchdog
    bool stirred = false;  // something happened that the watchdog should look at
};

}  // namespace pooly::detail
