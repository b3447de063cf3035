// SPDX-License-Identifier: MIT

#include <Poco/ObjectPool.h>

#include <cstddef>
#include <stdexcept>

#include "../support/borrowed.hpp"
#include "../support/contestants.hpp"
#include "../support/worker.hpp"

namespace bench {
namespace {

/// `Poco::ObjectPool` makes its workers on demand and never more than its peak capacity.
class poco_pool {
public:
    static constexpr const char* name = "poco";

    explicit poco_pool(std::size_t size) : pool_{size, size} {}

    [[nodiscard, gnu::always_inline]] borrowed<poco_pool> checkout() {
        constexpr long timeout_ms = 5000;
        worker* const lent = pool_.borrowObject(timeout_ms);
        if (lent == nullptr) throw std::runtime_error{"Poco::ObjectPool: no worker came back in time"};
        return {*this, lent};
    }

    void give_back(worker* lent) { pool_.returnObject(lent); }
    [[nodiscard]] static worker& worker_of(worker* lent) noexcept { return *lent; }

private:
    Poco::ObjectPool<worker> pool_;
};

[[maybe_unused]] const bool entered = enter<poco_pool>();

}  // namespace
}  // namespace bench
