// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <pooly/pooly.hpp>

#include "audience.hpp"
#include "show.hpp"
#include "stage.hpp"

// What happens to consumers. None of it costs a worker.
namespace demos {

using namespace std::chrono_literals;

/// For whoever has nothing else to do until it is killed.
inline void sleep_until_stopped(const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock<std::mutex> lock{mutex};
    never.wait(lock, stop, [] { return false; });
}

inline void kill_holding_consumers(show& tonight) {
    tonight.tell.title("3. Kill a consumer that holds an actor");
    const auto chuck = tonight.on.chuck();
    const auto made = chuck->stats().created;
    try {
        chuck->transaction([](actor& one) {
            (void)one.ask();
            throw std::domain_error{"division by zero"};
        });
    } catch (const std::domain_error& death) {
        tonight.tell.say(std::string{"One dies of an exception in its transaction: "} + death.what() + '.');
    }
    std::jthread holder{[&](const std::stop_token& stop) {
        const auto held = chuck->try_checkout_for(show::recovery_bound);
        sleep_until_stopped(stop);
    }};
    (void)tonight.await("it holds", [&] { return chuck->status().in_use == 1; });
    tonight.tell.say("Another one is a thread that is told to end while it holds an actor.");
    const auto killed_at = show_clock::now();
    holder.request_stop();
    (void)tonight.await("all are home", [&] { return tonight.is_whole(); });
    tonight.tell.promise(chuck->stats().created == made, "a consumer's death costs no actor");
    tonight.tell.say("Both actors came home, alive; none was lost, none was made.");
    tonight.recover(killed_at);
    tonight.report_other_pool();
}

inline void kill_waiting_consumer(show& tonight) {
    tonight.tell.title("4. Kill a consumer that waits");
    const auto chuck = tonight.on.chuck();
    std::vector<pooly::lease<actor>> leases;
    while (leases.size() < stage::chuck_places) leases.push_back(chuck->checkout());
    std::error_code told;
    std::jthread waiting{[&](const std::stop_token& stop) { told = chuck->try_checkout_for(1min, stop).error(); }};
    (void)tonight.await("it waits", [&] { return chuck->status().waiting == 1; });
    audience behind{chuck};
    behind.enter(1, {});
    (void)tonight.await("another waits behind it", [&] { return chuck->status().waiting == 2; });
    tonight.tell.say("All five actors are lent; the first of two that wait is told to end, then one actor comes home.");

    const auto killed_at = show_clock::now();
    waiting.request_stop();
    const auto left = tonight.await(
        "it leaves", [&] { return chuck->status().waiting == 1; }, killed_at);
    waiting.join();
    leases.pop_back();
    const auto served = behind.leave();
    tonight.tell.promise(told == pooly::errc::cancelled, "who is killed while waiting is told: " + told.message());
    tonight.tell.promise(served.answers == 1, "the one behind it gets the actor");
    tonight.tell.say("It had left the queue after " + left + "; the one behind it got the actor, and an answer.");
    leases.clear();
    tonight.recover(killed_at);
    tonight.report_other_pool();
}

}  // namespace demos
