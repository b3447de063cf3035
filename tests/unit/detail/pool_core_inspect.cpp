// SPDX-License-Identifier: MIT
#include <pooly/detail/pool_core_inspect.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <new>
#include <utility>

#include <pooly/pooly.hpp>

#include "support/catch.hpp"
#include "support/waiting.hpp"
#include "support/watched.hpp"

using namespace std::chrono_literals;
using pooly::detail::clock_source;
using pooly::detail::pool_core;
using pooly::detail::request;
using pooly::detail::slot;
using pooly::test::wait_until;
using pooly::test::watchdog_by_hand;

namespace {

constexpr auto nothing = clock_source::never;

/// What is called where the engine looks whether workers are reset: before the attention word changes.
struct source final : pooly::detail::worker_source {
    std::function<void()> on_look = [] {};
    void construct(void* where, const pooly::create_context& /*context*/) override { ::new (where) int{1}; }
    void destroy(void* /*worker*/) noexcept override {}
    [[nodiscard]] bool healthy(void* /*worker*/) override { return true; }
    void reset(void* /*worker*/) override {}
    void retire(void* /*worker*/) override {}
    [[nodiscard]] bool checks_health() const noexcept override { return false; }
    [[nodiscard]] bool resets() const noexcept override { return on_look(), false; }
};

/// All that a check-in on the fast path does before it looks whether anybody minds.
void come_home_fast(slot& lent) { lent.word -= pooly::detail::come_home; }

/// An engine of its own, which is asked what is due instead of being visited.
class inspected_core {
public:
    explicit inspected_core(pooly::pool_options options, std::shared_ptr<pooly::watchdog> over = watchdog_by_hand(),
                            std::unique_ptr<source> of_workers = std::make_unique<source>()) {
        options.watchdog = std::move(over);
        core_ = new pool_core{options, pooly::detail::worker_layout::of<int>(),
                              clock_source::of<std::chrono::steady_clock>(), std::move(of_workers)};
        core_->start();
    }
    inspected_core(const inspected_core&) = delete;
    inspected_core& operator=(const inspected_core&) = delete;
    ~inspected_core() {
        core_->close();
        core_->orphan();
    }

    pool_core* operator->() const { return core_; }

    slot& borrow() {
        request ask;
        return *core_->acquire(ask).place;
    }

    [[nodiscard]] bool dozes() const { return (core_->control().attention & pooly::detail::attention::dozing) != 0; }
    /// Whether a check-in has to look if it ends a lease that was told as overdue.
    [[nodiscard]] bool has_marked() const {
        return (core_->control().attention & pooly::detail::attention::marked) != 0;
    }

    /// In how long something is due, if the watchdog looks now; `nothing` if never.
    std::chrono::nanoseconds due() {
        pooly::detail::errands out;
        const auto now = core_->clock().now();
        const auto when = core_->inspect(std::unique_lock<std::mutex>{core_->control().mutex}, now, out);
        for (const auto& todo : out) core_->run(todo);
        return when == nothing ? nothing : when - now;
    }

private:
    pool_core* core_;
};

}  // namespace

TEST_CASE("where nothing is lent the watchdog looks once more and then waits for the next check-out") {
    const auto order = GENERATE(pooly::idle_order::affine, pooly::idle_order::lifo);
    inspected_core core{
        {.size = 2, .max_overflow = 1, .order = order, .health_interval = 0s, .min_idle = 1, .overdue_after = 10s}};
    for (int round = 0; round < 3; ++round) {
        slot& lent = core.borrow();
        CHECK(core.due() == 100ms);  // is one idle still?
        core->check_in(lent);
        CHECK(core.due() == 100ms);
        CHECK(core.due() == nothing);
        CHECK(core.due() == nothing);
        CHECK(core.dozes());
    }
    slot& lent = core.borrow();
    CHECK_FALSE(core.dozes());
    core->check_in(lent);
}

TEST_CASE("the check-out that a dozing watchdog waits for wakes it") {
    inspected_core core{{.size = 1, .max_overflow = 1, .min_idle = 1}, std::make_shared<pooly::watchdog>()};
    wait_until([&] { return core.dozes(); });
    slot& lent = core.borrow();
    wait_until([&] { return core->status().idle == 1; });  // another one was made
    core->check_in(lent);
}

TEST_CASE("while a lease is out it is looked at when it is overdue, whether anything else is lent or not") {
    inspected_core core{{.size = 2, .health_interval = 0s, .overdue_after = 10s}};
    slot& lent = core.borrow();
    for (int i = 0; i < 4; ++i) {
        const auto due = core.due();
        CHECK(due > 9s);
        CHECK(due <= 10s);
    }
    core->check_in(lent);
    CHECK(core.due() == nothing);
}

TEST_CASE("a lease that ends while the watchdog finds it overdue is not told") {
    bool ended = false;  // outlives the core, whose source refers to it
    auto own = std::make_unique<source>();
    auto& looked = own->on_look;
    inspected_core core{{.size = 1,
                         .timing = pooly::timing_mode::precise,
                         .health_interval = 0s,
                         .overdue_after = 1ns,
                         .on_overdue = pooly::overdue_action::replace},
                        watchdog_by_hand(),
                        std::move(own)};
    slot& lent = core.borrow();
    const auto now = std::chrono::steady_clock::now();
    wait_until([&] { return std::chrono::steady_clock::now() > now; });
    looked = [&] {  // it was found overdue, and nobody knows yet
        if (!std::exchange(ended, true)) come_home_fast(lent);
    };
    (void)core.due();
    CHECK(ended);
    CHECK(core->stats().overdue == 0);
    CHECK(core->status().idle == 1);
    CHECK_FALSE(core.has_marked());
}

TEST_CASE("a lease that was told as overdue is forgotten with its worker, though nobody has seen to its return yet") {
    inspected_core core{
        {.size = 1, .timing = pooly::timing_mode::precise, .health_interval = 0s, .overdue_after = 1ns}};
    slot& lent = core.borrow();
    while (core->stats().overdue == 0) (void)core.due();
    CHECK(core.has_marked());
    come_home_fast(lent);
    core->restart();
    CHECK_FALSE(core.has_marked());
    CHECK(core->status().idle == 1);
}

TEST_CASE("a pool with no use for it is not looked at again and again") {
    inspected_core core{{.size = 2, .max_overflow = 1}};
    CHECK(core.due() == nothing);
    core->check_in(core.borrow());
    CHECK(core.due() == nothing);
}
