// SPDX-License-Identifier: MIT
#include "ways.hpp"

#include <pooly/pooly.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <random>
#include <string>
#include <utility>

#include "../competitors/hand_written_pool.hpp"
#include "../support/fairness.hpp"

using namespace std::chrono_literals;

namespace bench {
namespace {

using pooly::redis::connection;
using pooly::redis::options;
using pooly::redis::reset_mode;

way through_pooly(std::string name, options how, reset_mode reset, const options_of_size& asked = strict) {
    how.reset = reset;
    return {std::move(name), [how, asked](std::size_t size) -> transaction {
                const auto db = std::make_shared<pooly::pool<connection>>(pooly::redis::factory{how}, asked(size));
                return [db](std::minstd_rand&) {
                    (void)db->checkout()->command("INCR", counter);
                    return true;
                };
            }};
}

way by_hand(const options& how) {
    return {"hiredis, hand_written", [how](std::size_t size) -> transaction {
                const auto db = std::make_shared<hand_written_pool<connection>>(
                    size, [&] { return std::make_unique<connection>(pooly::redis::connect(how)); });
                return [db](std::minstd_rand&) {
                    (void)db->checkout(std::chrono::minutes{1})->command("INCR", counter);
                    return true;
                };
            }};
}

way one_each(const options& how) {
    return {"a connection per request", [how](std::size_t /*size*/) -> transaction {
                return [how](std::minstd_rand&) {
                    (void)pooly::redis::connect(how).command("INCR", counter);
                    return true;
                };
            }};
}

}  // namespace

std::vector<way> ways(const options& address) {
    std::vector<way> all{
        through_pooly("pooly", address, reset_mode::reset_command),
        through_pooly("pooly, reset nothing", address, reset_mode::nothing),
        through_pooly("the same, barging 5 ms", address, reset_mode::nothing, barging(5ms)),
        through_pooly("the same, barging 50 ms", address, reset_mode::nothing, barging(50ms)),
        by_hand(address),
        one_each(address),
    };
#if defined(POOLY_BENCHMARK_POCO)
    all.push_back(poco_way(address));
#endif
    return all;
}

}  // namespace bench
