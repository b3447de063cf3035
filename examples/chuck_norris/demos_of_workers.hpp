// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "audience.hpp"
#include "show.hpp"
#include "stage.hpp"

// What happens to workers.
namespace demos {

using namespace std::chrono_literals;

inline void five_transactions(show& tonight) {
    tonight.tell.title("Five transactions at once on ChuckNorris");
    const auto chuck = tonight.on.chuck();
    audience five{chuck, audience::manners::stay_to_the_end};
    five.enter(stage::chuck_places, {});
    (void)tonight.await("five transactions at once", [&] { return chuck->status().in_use == stage::chuck_places; });
    tonight.tell.say("It is " + show::described(chuck->status()) + '.');
    const auto seen = five.leave();
    tonight.tell.promise(seen.answers == stage::chuck_places, "five answers to five transactions");
    const auto ended = show_clock::now();
    const auto took = tonight.await(
        "the overflow is gone", [&] { return tonight.is_whole(); }, ended);
    tonight.tell.say(std::to_string(seen.answers) + " answers; the overflow was gone " + took + " after the last.");
    tonight.report_other_pool();
}

inline void kill_idle_workers(show& tonight) {
    tonight.tell.title("1. Kill idle workers");
    tonight.tell.say("The threads of both actors of ChuckNorris end behind the pool's back.");
    const auto before = tonight.on.chuck()->stats().unhealthy;
    const auto killed_at = show_clock::now();
    const auto killed = tonight.on.chuck_cast().kill_all();
    tonight.tell.promise(killed == stage::chuck_size, "both idle actors are killed");
    (void)tonight.await("the dead are found", [&] { return tonight.on.chuck()->stats().unhealthy >= before + killed; });
    tonight.tell.say(std::to_string(killed) + " died. The watchdog asked how they are, and replaced them.");
    tonight.recover(killed_at);
    tonight.report_other_pool();
}

inline void kill_busy_workers(show& tonight) {
    tonight.tell.title("2. Kill busy workers");
    tonight.tell.say("All five actors of ChuckNorris die in the middle of a transaction, and two consumers wait.");
    const auto chuck = tonight.on.chuck();
    audience busy{chuck};
    busy.enter(stage::chuck_places, 10s);
    (void)tonight.await("all are busy", [&] { return chuck->status().in_use == stage::chuck_places; });
    audience waiting{chuck};
    waiting.enter(2, {});
    (void)tonight.await("two wait", [&] { return chuck->status().waiting == 2; });

    const auto killed_at = show_clock::now();
    (void)tonight.on.chuck_cast().kill_all();
    const auto cut_off = busy.leave();
    const auto served = waiting.leave();
    tonight.tell.promise(cut_off.dead_actors == stage::chuck_places, "whose actor dies is told so");
    tonight.tell.promise(served.answers == 2, "who waits gets a new actor in the place of a dead one");
    tonight.tell.say(std::to_string(cut_off.dead_actors) +
                     " consumers were told that their actor is dead; the two that " +
                     "waited got new ones, and answers.");
    tonight.recover(killed_at);
    tonight.report_other_pool();
}

}  // namespace demos
