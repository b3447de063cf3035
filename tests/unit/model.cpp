// SPDX-License-Identifier: MIT
// Random sequences of everything that can be asked of a pool, against a model of the rules (pool_model.hpp): after
// every step the pool's status, its counters and its workers must be those of the model (rehearsal.hpp).
#include <array>
#include <chrono>
#include <cstddef>
#include <exception>
#include <utility>

#include <pooly/pooly.hpp>

#include "support/catch.hpp"
#include "support/counted_pool.hpp"
#include "support/manual_clock.hpp"
#include "support/rehearsal.hpp"
#include "support/seed.hpp"

using namespace std::chrono_literals;
using namespace pooly::test;
using pooly::start_mode;

namespace {

/// So many sequences under each policy, each with a seed and with options of its own.
template <class Clock>
void play_all(std::size_t sequences, std::size_t waiters, std::size_t steps, bool lingers = false) {
    const auto root = mixed(seed(), waiters + (lingers ? 1000U : 0U));
    constexpr std::array<std::pair<std::size_t, std::size_t>, 10> sizes{
        {{0, 0}, {1, 0}, {0, 2}, {1, 1}, {2, 0}, {2, 2}, {3, 5}, {4, 0}, {5, 2}, {100, 20}}};
    std::size_t played = 0;
    for (std::size_t n = 0; n < sequences; ++n) {
        for (const auto& by : every_policy()) {
            const auto one_seed = mixed(root, played++);
            dice roll{mixed(one_seed)};
            const auto [size, max_overflow] = sizes[roll(n % 8 == 0 ? sizes.size() : sizes.size() - 1)];
            setting how;
            how.options = sized(size, max_overflow, by);
            how.options.check_after_idle = 0ns;
            how.options.start = roll.one_in(3) ? start_mode::lazy : start_mode::eager;
            if (roll.one_in(3)) how.options.max_waiters = 2;
            if (roll.one_in(4)) how.options.timing = pooly::timing_mode::precise;
            if (lingers) linger(how.options);
            how.hooks = roll.one_in(2);
            how.waiters = waiters;
            how.crowded = size == 100;
            how.steps = how.crowded ? 6 * steps : steps;
            rehearsal<Clock> sequence{one_seed, how, dice{one_seed}};
            try {
                sequence.play();
            } catch (const std::exception& error) {
                FAIL("POOLY_SEED=" << seed() << ", sequence " << played << ": " << sequence.log() << "\n"
                                   << error.what());
            }
        }
    }
    SUCCEED(played << " sequences");
}

}  // namespace

TEST_CASE("model: one consumer after the other, every policy") { play_all<std::chrono::steady_clock>(500, 0, 60); }

TEST_CASE("model: some wait, and may be asked to stop") { play_all<std::chrono::steady_clock>(25, 4, 60); }

TEST_CASE("model: some wait, and time passes") { play_all<manual_clock>(20, 4, 60); }

TEST_CASE("model: those beyond size linger, and a watchdog dismisses them and makes what is missing") {
    play_all<manual_clock>(60, 0, 60, true);
}

TEST_CASE("model: those beyond size linger, and some wait") { play_all<manual_clock>(10, 4, 60, true); }
