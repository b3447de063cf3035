// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <thread>

#include <pooly/pooly.hpp>

#include "../report.hpp"
#include "audience.hpp"
#include "narrator.hpp"
#include "stage.hpp"
#include "steady_consumer.hpp"

using show_clock = std::chrono::steady_clock;

/// What every demo needs: the pools, the one who uses "StarWars" all the time, and how to see that all is well again.
class show {
public:
    static constexpr std::chrono::seconds recovery_bound{5};
    static constexpr std::chrono::seconds pause_bound{1};

    show(stage& pools, narrator& voice, steady_consumer& other) : on{pools}, tell{voice}, other_{other} {}

    stage& on;
    narrator& tell;

    /// Polls. Returns: how long after `since` it came true; nothing if that took longer than `recovery_bound`.
    template <std::predicate Condition>
    [[nodiscard]] static std::optional<std::chrono::nanoseconds> time_until(
        const Condition& holds, show_clock::time_point since = show_clock::now()) {
        const auto deadline = show_clock::now() + recovery_bound;
        while (!holds()) {
            if (show_clock::now() > deadline) return std::nullopt;
            std::this_thread::sleep_for(std::chrono::microseconds{100});
        }
        return show_clock::now() - since;
    }

    /// The same as a promise, whose text says what did not come true. Returns: the time for people.
    template <std::predicate Condition>
    std::string await(const std::string& what, const Condition& holds,
                      show_clock::time_point since = show_clock::now()) {
        const auto took = time_until(holds, since);
        tell.promise(took.has_value(), what + ": not within " + readable(recovery_bound) + "; ChuckNorris is " +
                                           described(on.chuck()->status()));
        return took ? readable(*took) : "too long";
    }

    /// "ChuckNorris" is at full strength: every worker there, idle and alive. `guests`: actors on loan from elsewhere.
    [[nodiscard]] bool is_whole(std::size_t guests = 0) {
        const auto now = on.chuck()->status();
        const auto others = now.late + guests;
        return now.state == pooly::pool_state::ready && now.idle == stage::chuck_size &&
               now.live == stage::chuck_size && now.waiting == 0 &&
               on.chuck_cast().alive() == stage::chuck_size + others &&
               on.chuck_cast().size() == stage::chuck_size + others;
    }

    /// Waits until it is, says how long after `since` that was, and has it serve.
    void recover(show_clock::time_point since, std::size_t guests = 0) {
        const auto took = await(
            "back at full strength", [&] { return is_whole(guests); }, since);
        audience five{on.chuck()};
        five.enter(stage::chuck_places, {});
        const auto seen = five.leave();
        tell.promise(seen.dead_actors == 0, "nobody is lent a dead actor after the recovery");
        for (const auto& failure : seen.failures) tell.promise(false, "every consumer is served: " + failure);
        (void)await("the overflow is gone again", [&] { return is_whole(guests); });
        tell.say("Back at full strength after " + took + ". Five more transactions at once: " +
                 std::to_string(seen.answers) + " answers, " + std::to_string(seen.dead_actors) + " dead actors.");
    }

    /// What the other pool did since this was last called.
    void report_other_pool() {
        (void)await("StarWars goes on serving", [&] { return other_.has_served(); });
        const auto seen = other_.take();
        tell.promise(seen.failures == 0, "StarWars serves everybody: " + seen.failure);
        tell.promise(seen.longest_gap < pause_bound,
                     "StarWars pauses for less than " + readable(pause_bound) + ", not " + readable(seen.longest_gap));
        tell.say("StarWars meanwhile: " + grouped(seen.answers) + (seen.answers == 1 ? " answer" : " answers") +
                 ", the longest pause " + readable(seen.longest_gap) + '.');
    }

    [[nodiscard]] static std::string described(const pooly::pool_status& now) {
        return std::string{to_string(now.state)} + ": " + std::to_string(now.in_use) + " in use, " +
               std::to_string(now.overflow) + " beyond its size, " + std::to_string(now.idle) + " idle, " +
               std::to_string(now.waiting) + " waiting";
    }

private:
    steady_consumer& other_;
};
