// SPDX-License-Identifier: MIT
// What every consumer project builds: enough of pooly that a missing header, flag or library shows.
#include <chrono>
#include <cstdio>
#include <exception>

#include <pooly/pooly.hpp>

#include "counter.hpp"

namespace {

int lend_every_way(pooly::pool<counter>& counters) {
    using namespace std::chrono_literals;

    int sum = 0;
    sum += counters.checkout()->next();
    sum += counters.checkout_for(1s)->next();
    if (auto result = counters.try_checkout()) sum += result->next();
    if (auto result = counters.try_checkout_for(1ms)) sum += result->next();
    sum += counters.transaction([](counter& one) { return one.next(); });

    auto guard = counters.begin();
    sum += guard->next();
    guard.commit();

    auto lease = counters.checkout();
    lease.discard();
    return sum;
}

}  // namespace

int main() {
    try {
        pooly::pool counters{[] { return counter{}; }, {.name = "counters", .size = 2, .max_overflow = 1}};
        const int sum = lend_every_way(counters) + lend_elsewhere(counters);
        const auto stats = counters.stats();
        counters.close();
        std::printf("pooly %d.%d.%d: sum %d\n", POOLY_VERSION_MAJOR, POOLY_VERSION_MINOR, POOLY_VERSION_PATCH, sum);
        return sum > 0 && stats.checkouts >= 7 && counters.status().state == pooly::pool_state::closed ? 0 : 1;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
}
