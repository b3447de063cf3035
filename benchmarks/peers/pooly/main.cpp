// SPDX-License-Identifier: MIT
// One measurement of pooly, or of the pool that people write, under the load that all peers get.

#include <cstddef>
#include <cstdio>
#include <exception>
#include <pooly/pooly.hpp>

#include "../../competitors/hand_written_pool.hpp"
#include "../../support/worker.hpp"
#include "load.hpp"
#include "report.hpp"
#include "settings.hpp"

namespace {

using peers::bad_argument;
using peers::settings;

template <pooly::fairness_policy Fairness>
class pooly_pool {
public:
    static constexpr const char* name = "pooly";

    explicit pooly_pool(std::size_t size)
        : pool_{[] { return bench::worker{}; }, {.size = size, .fairness = Fairness}} {}

    [[nodiscard]] pooly::lease<bench::worker> checkout() { return pool_.checkout(); }

private:
    pooly::pool<bench::worker> pool_;
};

struct hand_written : bench::hand_written_pool<bench::worker> {
    static constexpr const char* name = "hand_written";
    using hand_written_pool::hand_written_pool;
};

template <bench::contestant_pool Pool>
void measure(const settings& wanted) {
    Pool pool{wanted.size};
    static_cast<void>(peers::run_load(pool, wanted, wanted.warm_up));
    peers::print_outcome(wanted, peers::run_load(pool, wanted, wanted.length));
}

void measure_what_is_wanted(const settings& wanted) {
    using enum pooly::fairness_policy;
    if (wanted.pool == "pooly")
        measure<pooly_pool<strict_fifo>>(wanted);
    else if (wanted.pool == "pooly_barging")
        measure<pooly_pool<bounded_barging>>(wanted);
    else if (wanted.pool == "hand_written")
        measure<hand_written>(wanted);
    else
        throw bad_argument{"--pool takes pooly, pooly_barging or hand_written, not '" + wanted.pool + '\''};
}

}  // namespace

int main(int argc, char** argv) {
    try {
        measure_what_is_wanted(peers::parse_command_line(argc, argv));
        return 0;
    } catch (const bad_argument& nonsense) {
        std::fprintf(stderr, "pooly_peer: %s\n", nonsense.what());
        return 2;
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "pooly_peer: %s\n", failure.what());
        return 1;
    }
}
