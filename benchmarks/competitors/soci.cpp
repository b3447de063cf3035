// SPDX-License-Identifier: MIT

#include <soci/connection-pool.h>

#include <cstddef>
#include <stdexcept>
#include <vector>

#include "../support/borrowed.hpp"
#include "../support/contestants.hpp"
#include "../support/worker.hpp"

namespace bench {
namespace {

/// `soci::connection_pool` lends positions of sessions, which stay closed here: the position chooses our worker. Asked
/// by `try_lease` and `give_back`, which is cheaper than its own guard, a `soci::session` made from the pool.
class soci_pool {
public:
    static constexpr const char* name = "soci";

    explicit soci_pool(std::size_t size) : pool_{size}, workers_(size) {}

    [[nodiscard, gnu::always_inline]] borrowed<soci_pool, std::size_t> checkout() {
        constexpr int timeout_ms = 5000;
        std::size_t position = 0;
        if (!pool_.try_lease(position, timeout_ms))
            throw std::runtime_error{"soci::connection_pool: no session came back in time"};
        return {*this, position};
    }

    void give_back(std::size_t position) { pool_.give_back(position); }
    [[nodiscard]] worker& worker_of(std::size_t position) noexcept { return workers_[position]; }

private:
    soci::connection_pool pool_;
    std::vector<worker> workers_;
};

[[maybe_unused]] const bool entered = enter<soci_pool>();

}  // namespace
}  // namespace bench
