// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <system_error>
#include <vector>

#include <pooly/pooly.hpp>

#include "show.hpp"
#include "stage.hpp"

// What happens to those who look after the workers.
namespace demos {

using namespace std::chrono_literals;

inline void hang_a_health_check(show& tonight) {
    tonight.tell.title("5. Hang a health check (the worker supervisor)");
    tonight.tell.say("An idle actor answers nobody any more, and with it the thread hangs that asks how it is.");
    const auto chuck = tonight.on.chuck();
    auto& actors = tonight.on.chuck_cast();
    const auto stuck = [&] { return tonight.on.events().last<pooly::events::stuck>(actors.name()); };
    const auto hung_at = show_clock::now();
    actors.hang_one();
    (void)tonight.await("the watchdog tells that the check is stuck", [&] { return !stuck().empty(); });
    tonight.tell.say("The watchdog tells: " + stuck() + ". It gives the actor's place away.");
    tonight.tell.promise(chuck->status().late == 1, "the place of the actor that hangs is given away");
    tonight.recover(hung_at);

    const auto before = chuck->stats().unhealthy;
    const auto killed_at = show_clock::now();
    actors.kill_others();
    const auto found = [&] { return chuck->stats().unhealthy == before + stage::chuck_size && tonight.is_whole(); };
    tonight.tell.say("Meanwhile the idle ones die: another thread asks, and both are replaced after " +
                     tonight.await("another thread takes over", found, killed_at) + '.');

    const auto woken_at = show_clock::now();
    actors.wake_all();
    const auto took = tonight.await(
        "the late one is gone", [&] { return chuck->status().late == 0 && tonight.is_whole(); }, woken_at);
    tonight.tell.say("The actor goes on. It came too late, and was retired " + took + " afterwards.");
    tonight.report_other_pool();
}

/// One death more than `max_restarts`.
inline void fail_a_pool(show& tonight) {
    tonight.tell.title("6. Fail a pool past its restart intensity (the pool server)");
    auto& actors = tonight.on.chuck_cast();
    const auto chuck = tonight.on.chuck();
    const auto deadly = chuck->options().max_restarts + 1;
    tonight.on.registry()->restart(actors.name());  // the deaths so far count no more
    tonight.tell.say("ChuckNorris is restarted by name, and then loses " + std::to_string(deadly) +
                     " actors, one after the other.");
    for (std::size_t dead = 0; dead < deadly; ++dead) {
        tonight.tell.promise(chuck->status().state != pooly::pool_state::failed,
                             std::to_string(dead) + " deaths are allowed");
        chuck->checkout().discard();
    }
    const auto failed_at = show_clock::now();
    const auto told = chuck->try_checkout_for(1min).error();
    const auto told_after = show_clock::now() - failed_at;
    tonight.tell.promise(told == pooly::errc::failed, "who asks a failed pool is told so, at once: " + told.message());
    const auto failed = [&] { return tonight.on.events().last<pooly::events::failed>(actors.name()); };
    (void)tonight.await("the observer is told", [&] { return !failed().empty(); });
    tonight.tell.say("The observer is told: " + failed() + '.');
    tonight.tell.say("Who asks now and would wait a minute is told after " + readable(told_after) + ": " +
                     told.message() + ". After a while the registry restarts the pool.");
    tonight.recover(failed_at);
    tonight.report_other_pool();
    tonight.tell.promise(tonight.on.star_wars()->stats().created == stage::star_wars_size,
                         "StarWars still has the actors that it began with");
}

inline void restart_every_pool(show& tonight) {
    tonight.tell.title("7. Restart every pool (the pools supervisor)");
    tonight.tell.say("Both pools get new actors, while one of ChuckNorris is lent and StarWars is busy.");
    const auto chuck = tonight.on.chuck();
    auto lease = chuck->checkout();
    const auto restarted_at = show_clock::now();
    tonight.on.registry()->restart_all();
    const auto took = show_clock::now() - restarted_at;
    tonight.tell.promise(!lease->ask().empty(), "who holds an actor can go on with it");
    lease.checkin();
    tonight.tell.say("That took " + readable(took) + ". The one on loan answered still, and ended when it came home.");
    tonight.recover(restarted_at);
    (void)tonight.await("StarWars has new actors only", [&] {
        return tonight.on.star_wars()->stats().destroyed == stage::star_wars_size &&
               tonight.on.star_wars_cast().size() == stage::star_wars_size;
    });
    tonight.report_other_pool();
}

inline void rebuild_the_registry(show& tonight) {
    tonight.tell.title("8. Destroy and rebuild the registry, with leases out (the top)");
    tonight.tell.say("Two actors of ChuckNorris and one of StarWars are lent when it goes.");
    std::vector<pooly::lease<actor>> leases;
    leases.push_back(tonight.on.chuck()->checkout());
    leases.push_back(tonight.on.chuck()->checkout());
    const auto destroyed_at = show_clock::now();
    {
        const auto other = tonight.on.star_wars()->checkout();
        const auto old = tonight.on.tear_down();
        const auto gone = show::time_until([&] { return old.expired(); }, destroyed_at);
        tonight.tell.promise(gone.has_value(), "the registry ends when nobody uses it");
        for (const auto& lease : leases)
            tonight.tell.promise(!lease->ask().empty(), "a lease outlives its pool and its registry");
        tonight.tell.promise(!other->ask().empty(), "a lease outlives its pool and its registry");
        tonight.on.set_up();
        tonight.tell.say("It is gone, and the three on loan answer still. A new one is set up.");
    }
    tonight.recover(destroyed_at, leases.size());
    leases.clear();
    (void)tonight.await("the actors of the old registry are gone", [&] {
        return tonight.is_whole() && tonight.on.star_wars_cast().size() == stage::star_wars_size;
    });
    tonight.tell.say("The leases of the old one ended, and their actors with them.");
    tonight.report_other_pool();
}

}  // namespace demos
