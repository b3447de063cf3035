// SPDX-License-Identifier: MIT

// The promises of a supervised pool, each put to the test while you watch. `chuck_norris --help` says what it takes.

#include <exception>
#include <iostream>
#include <memory>
#include <string>

#include "chuck_norris/cast.hpp"
#include "chuck_norris/command_line.hpp"
#include "chuck_norris/demos_of_consumers.hpp"
#include "chuck_norris/demos_of_supervisors.hpp"
#include "chuck_norris/demos_of_workers.hpp"
#include "chuck_norris/event_log.hpp"
#include "chuck_norris/narrator.hpp"
#include "chuck_norris/show.hpp"
#include "chuck_norris/stage.hpp"
#include "chuck_norris/steady_consumer.hpp"

namespace {

void play(stage& pools, narrator& voice) {
    pools.set_up();
    steady_consumer other{pools};
    show tonight{pools, voice, other};
    demos::five_transactions(tonight);
    demos::kill_idle_workers(tonight);
    demos::kill_busy_workers(tonight);
    demos::kill_holding_consumers(tonight);
    demos::kill_waiting_consumer(tonight);
    demos::hang_a_health_check(tonight);
    demos::fail_a_pool(tonight);
    demos::restart_every_pool(tonight);
    demos::rebuild_the_registry(tonight);
}

/// Every thread that an actor began has ended.
void count_threads(const cast& actors, narrator& voice) {
    const auto all_ended = show::time_until([&] { return actors.begun() == actors.ended(); }).has_value();
    const auto count = std::to_string(actors.begun()) + " threads of " + actors.name() + " began, " +
                       std::to_string(actors.ended()) + " ended";
    voice.promise(all_ended && actors.size() == 0, "no thread is left behind: " + count);
    voice.say(count + '.');
}

/// True when all promises were kept.
bool chuck_norris(const settings& wanted) {
    narrator voice{wanted.quiet};
    voice.say(
        "Two pools in one registry: ChuckNorris (2 + 3) and StarWars (4 + 3). Each actor is a thread of its own.");
    voice.say("All the time somebody asks StarWars for one quote after the other.");
    stage pools{std::make_shared<event_log>(wanted.verbose ? &std::cout : nullptr)};
    play(pools, voice);
    (void)pools.tear_down();
    voice.title("The end");
    count_threads(pools.chuck_cast(), voice);
    count_threads(pools.star_wars_cast(), voice);
    voice.end(voice.all_kept() ? "All promises kept." : "Not all promises were kept.");
    return voice.all_kept();
}

}  // namespace

int main(int argc, char* argv[]) {
    try {
        const auto wanted = parse_command_line(argc, argv);
        if (wanted.help) {
            print_help(std::cout);
            return 0;
        }
        return chuck_norris(wanted) ? 0 : 1;
    } catch (const bad_argument& refused) {
        std::cerr << "chuck_norris: " << refused.what() << '\n';
        return 2;
    } catch (const std::exception& failure) {
        std::cerr << "chuck_norris: " << failure.what() << '\n';
        return 1;
    }
}
