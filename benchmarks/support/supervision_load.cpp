// SPDX-License-Identifier: MIT

#include "supervision_load.hpp"

#include <time.h>
#include <pooly/pooly.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "measurements.hpp"
#include "progress.hpp"
#include "rounds.hpp"
#include "worker.hpp"

namespace bench {
namespace {

/// Of all threads, the watchdog's included.
std::chrono::duration<double> process_time() {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec};
}

/// Everything that is done from time to time is on, and none of it is due before the program ends.
pooly::pool_options with_everything_on(std::shared_ptr<pooly::watchdog> over) {
    constexpr std::chrono::hours later{1000};  // health checks are spread over it, so some would be due soon
    return {.size = supervised_workers,
            .max_overflow = 2,
            .overflow_linger = later,
            .health_interval = later,
            .max_lifetime = 2 * later,
            .min_idle = 1,
            .overdue_after = later,
            .watchdog = std::move(over)};
}

}  // namespace

supervision_sample measure_supervision(const settings& chosen) {
    using clock = std::chrono::steady_clock;
    show_progress("supervision");
    const auto over_all = std::make_shared<pooly::watchdog>();
    pooly::pool_registry pools{over_all};
    for (int i = 0; i < supervised_pools; ++i)
        pools.add(std::to_string(i), [] { return worker{}; }, with_everything_on(over_all),
                  {.healthy = [](worker&) { return true; }});
    over_all->sweep();

    std::vector<double> sweeps;
    for (int i = 0; i < (chosen.quick ? 1 : 101); ++i) {
        const auto begin = processor_time();
        over_all->sweep();
        sweeps.push_back(std::chrono::duration<double, std::milli>(processor_time() - begin).count());
    }
    std::this_thread::sleep_for(chosen.idle_length / 5);  // until the last pool has fallen asleep
    const auto begin = clock::now();
    const auto used = process_time();
    std::this_thread::sleep_for(chosen.idle_length);
    const auto idle = process_time() - used;
    return {.sweep_ms = median(sweeps),
            .worst_sweep_ms = *std::max_element(sweeps.begin(), sweeps.end()),
            .idle_percent = 100 * (idle / (clock::now() - begin))};
}

}  // namespace bench
