// SPDX-License-Identifier: MIT

#include <pooly/pooly.hpp>

#include <chrono>
#include <cstddef>
#include <memory>

#include "../support/contestants.hpp"
#include "../support/worker.hpp"

namespace bench {
namespace {

/// pooly as it comes, but for its size and the one option that `Variant` is about.
template <class Variant>
class pooly_pool {
public:
    static constexpr const char* name = Variant::name;

    explicit pooly_pool(std::size_t size) : pool_{[] { return worker{}; }, options_of(size)} {}

    [[nodiscard, gnu::always_inline]] pooly::lease<worker> checkout() { return pool_.checkout(); }
    /// Joins the queue and leaves it, where nothing is idle.
    void ask_in_vain() { (void)pool_.try_checkout_for(std::chrono::nanoseconds{1}); }
    [[nodiscard]] std::size_t waiting() const { return pool_.status().waiting; }

private:
    static pooly::pool_options options_of(std::size_t size) {
        pooly::pool_options options{.size = size};
        Variant::change(options);
        return options;
    }

    pooly::pool<worker> pool_;
};

/// With a watchdog that has all to do that it can do.
class watched_pool {
public:
    static constexpr const char* name = "pooly_watched";

    explicit watched_pool(std::size_t size)
        : pool_{[] { return worker{}; },
                {.size = size,
                 .max_overflow = 2,
                 .overflow_linger = std::chrono::seconds{10},
                 .health_interval = std::chrono::seconds{1},
                 .max_lifetime = std::chrono::seconds{10},
                 .min_idle = 1,
                 .overdue_after = std::chrono::seconds{1},
                 .observer = std::make_shared<deaf>()},
                {.healthy = [](worker&) { return true; }}} {}

    [[nodiscard, gnu::always_inline]] pooly::lease<worker> checkout() { return pool_.checkout(); }

private:
    struct deaf final : pooly::pool_observer {
        void notify(const pooly::pool_event&) override {}
    };

    pooly::pool<worker> pool_;
};

struct by_default {
    static constexpr const char* name = "pooly";
    static void change(pooly::pool_options&) {}
};

struct lifo {
    static constexpr const char* name = "pooly_lifo";
    static void change(pooly::pool_options& options) { options.order = pooly::idle_order::lifo; }
};

struct fifo {
    static constexpr const char* name = "pooly_fifo";
    static void change(pooly::pool_options& options) { options.order = pooly::idle_order::fifo; }
};

struct barging {
    static constexpr const char* name = "pooly_barging";
    static void change(pooly::pool_options& options) { options.fairness = pooly::fairness_policy::bounded_barging; }
};

struct precise {
    static constexpr const char* name = "pooly_precise";
    static void change(pooly::pool_options& options) { options.timing = pooly::timing_mode::precise; }
};

[[maybe_unused]] const bool entered = enter<pooly_pool<by_default>>() && enter<pooly_pool<barging>>() &&
                                      enter_variant<pooly_pool<lifo>>() && enter_variant<pooly_pool<fifo>>() &&
                                      enter_variant<pooly_pool<precise>>() && enter_variant<watched_pool>();

}  // namespace
}  // namespace bench
