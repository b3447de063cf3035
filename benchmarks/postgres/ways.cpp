// SPDX-License-Identifier: MIT
#include "ways.hpp"

#include <pooly/adapters/postgres.hpp>
#include <pooly/pooly.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "../support/fairness.hpp"

using namespace std::chrono_literals;

namespace bench {
namespace {

using pooly::postgres::connection;
using pooly::postgres::reset_mode;

way through_pooly(std::string name, const std::string& address, reset_mode reset,
                  const options_of_size& asked = strict) {
    return {std::move(name), [address, reset, asked](std::size_t size) {
                const auto db = std::make_shared<pooly::pool<connection>>(
                    pooly::postgres::factory{address, {.reset = reset}}, asked(size));
                return updates_by(
                    [db](const std::string& update) { db->transaction([&](connection& c) { c.execute(update); }); });
            }};
}

way one_each(std::string name, const std::string& address) {
    return {std::move(name), [address](std::size_t /*size*/) {
                return updates_by([address](const std::string& update) {
                    auto c = pooly::postgres::connect(address);
                    c.execute("begin");
                    c.execute(update);
                    c.execute("commit");
                });
            }};
}

}  // namespace

std::vector<way> ways(const std::string& address, const std::string& bouncer) {
    std::vector<way> all{
        through_pooly("pooly", address, reset_mode::discard_all),
        through_pooly("pooly, rollback_only", address, reset_mode::rollback_only),
        through_pooly("the same, barging 5 ms", address, reset_mode::rollback_only, barging(5ms)),
        through_pooly("the same, barging 50 ms", address, reset_mode::rollback_only, barging(50ms)),
        one_each("a connection per request", address),
    };
    if (!bouncer.empty()) all.push_back(one_each("the same through PgBouncer", bouncer));
#if defined(POOLY_BENCHMARK_PQXX)
    all.push_back(pqxx_way(address));
#endif
#if defined(POOLY_BENCHMARK_SOCI)
    all.push_back(soci_way(address));
#endif
    return all;
}

}  // namespace bench
