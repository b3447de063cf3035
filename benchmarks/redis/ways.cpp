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

namespace bench {
namespace {

using pooly::redis::connection;
using pooly::redis::options;

using pooly::fairness_policy;
using pooly::redis::reset_mode;

way through_pooly(std::string name, options how, reset_mode reset, fairness_policy fairness) {
    how.reset = reset;
    return {
        std::move(name), [how, fairness](std::size_t size) -> transaction {
            const auto db = std::make_shared<pooly::pool<connection>>(
                pooly::redis::factory{how},
                pooly::pool_options{.size = size, .checkout_timeout = std::chrono::minutes{1}, .fairness = fairness});
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
        through_pooly("pooly", address, reset_mode::reset_command, fairness_policy::strict_fifo),
        through_pooly("pooly, reset nothing", address, reset_mode::nothing, fairness_policy::strict_fifo),
        through_pooly("pooly, reset nothing, barging", address, reset_mode::nothing, fairness_policy::bounded_barging),
        by_hand(address),
        one_each(address),
    };
#if defined(POOLY_BENCHMARK_POCO)
    all.push_back(poco_way(address));
#endif
    return all;
}

}  // namespace bench
