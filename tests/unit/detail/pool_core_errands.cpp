// SPDX-License-Identifier: MIT
#include <pooly/detail/pool_core_errands.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include <pooly/pooly.hpp>

#include "support/catch.hpp"
#include "support/gate.hpp"
#include "support/manual_clock.hpp"
#include "support/waiting.hpp"
#include "support/watched.hpp"

using namespace std::chrono_literals;
using pooly::detail::clock_source;
using pooly::detail::errand;
using pooly::detail::pool_core;
using pooly::test::elsewhere;
using pooly::test::gate;
using pooly::test::manual_clock;
using pooly::test::quiet;
using pooly::test::watchdog_by_hand;

namespace {

/// An engine whose errands are run, and told as stuck, when a test says so.
class core_by_hand {
public:
    explicit core_by_hand(
        const pooly::pool_options& options, std::function<int()> factory = [] { return 1; },
        pooly::worker_hooks<int> hooks = {}) {
        using source = pooly::detail::factory_source<int, std::function<int()>>;
        core_ = new pool_core{options, pooly::detail::worker_layout::of<int>(), clock_source::of<manual_clock>(),
                              std::make_unique<source>(std::move(factory), std::move(hooks))};
        core_->start();
    }
    core_by_hand(const core_by_hand&) = delete;
    core_by_hand& operator=(const core_by_hand&) = delete;
    ~core_by_hand() {
        core_->close();
        core_->orphan();
    }

    pool_core* operator->() const { return core_; }

    /// What is to be done now.
    std::vector<errand> look() {
        pooly::detail::errands out;
        (void)core_->inspect(std::unique_lock{core_->control().mutex}, core_->clock().now(), out);
        return {out.begin(), out.end()};
    }
    /// Whether a second worker, made for a second consumer, is dismissed when both come home: by that one sees how many
    /// the engine thinks there are.
    [[nodiscard]] bool dismisses_a_second() {
        pooly::detail::request ask;
        core_->resize({1, 1});
        auto* const first = core_->acquire(ask).place;
        auto* const second = core_->acquire(ask).place;
        core_->check_in(*first);
        core_->check_in(*second);
        core_->resize({1, 0});
        return first != second && core_->status().live == 1 && core_->status().idle == 1;
    }
    void note_stuck(const errand& one) { core_->note_stuck(std::unique_lock{core_->control().mutex}, one, 1s); }

private:
    pool_core* core_;
};

struct counter final : pooly::pool_observer {
    int told = 0;
    std::function<void()> slowly = [] {};
    void notify(const pooly::pool_event& /*event*/) override {
        ++told;
        slowly();
    }
};

}  // namespace

TEST_CASE("a worker whose code is stuck is late until it is back, and counts as nothing else meanwhile") {
    const auto what = GENERATE(errand::task::make, errand::task::check, errand::task::retire);
    gate at_work;
    std::atomic<bool> gated{true};
    const auto code = [&](errand::task of_kind) {
        if (what == of_kind && gated.exchange(false)) at_work();
        return 1;
    };
    auto options = quiet(1, watchdog_by_hand());
    if (what == errand::task::make) options.start = pooly::start_mode::background;
    if (what == errand::task::check) options.health_interval = 10s;
    if (what == errand::task::retire) options.max_lifetime = 10s;
    pooly::worker_hooks<int> hooks;
    hooks.healthy = [&](int&) { return code(errand::task::check) == 1; };
    hooks.retire = [&](int&) { code(errand::task::retire); };
    core_by_hand core{options, [&] { return code(errand::task::make); }, hooks};
    manual_clock::advance(11s);
    const auto todo = core.look();
    REQUIRE(todo.size() == 1);
    CHECK(todo[0].what == what);
    auto job = elsewhere([&] { core->run(todo[0]); });
    at_work.at_work.acquire();

    const auto before = core->status();
    CHECK(before.making == (what == errand::task::make ? 1 : 0));
    CHECK(before.checking == (what == errand::task::check ? 1 : 0));
    CHECK(before.retiring == (what == errand::task::retire ? 1 : 0));
    CHECK(before.live == 1);
    CHECK(before.late == 0);

    core.note_stuck(todo[0]);
    const auto during = core->status();
    CHECK(during.making + during.checking + during.retiring == 0);
    CHECK(during.live == 0);
    CHECK(during.late == 1);
    CHECK(core->stats().stuck == 1);
    CHECK(core->stats().written_off == 1);

    const bool served = GENERATE(false, true);
    if (served) CHECK(core.dismisses_a_second());

    at_work.go_on.release();
    job.get();
    const auto after = core->status();
    CHECK(after.idle == (what == errand::task::make || served ? 1 : 0));  // the others end
    CHECK(after.live == after.idle);
    CHECK(after.late == 0);
    CHECK(core.dismisses_a_second());
}

TEST_CASE("what is told as stuck when it is through costs nothing") {
    auto options = quiet(1, watchdog_by_hand());
    options.health_interval = 10s;
    pooly::worker_hooks<int> hooks;
    hooks.healthy = [](int&) { return true; };
    core_by_hand core{options, [] { return 1; }, hooks};
    manual_clock::advance(11s);
    const auto todo = core.look();
    REQUIRE(todo.size() == 1);
    core->run(todo[0]);
    core.note_stuck(todo[0]);
    CHECK(core->stats().stuck == 0);
    CHECK(core->status().idle == 1);
}

TEST_CASE("an observer is told for half as long as a call may take, and what is left by another") {
    const bool endless = GENERATE(false, true);
    const auto seen = std::make_shared<counter>();
    seen->slowly = [] {
        const auto before = std::chrono::steady_clock::now();
        while (std::chrono::steady_clock::now() == before) {
        }
    };
    auto options = quiet(3, watchdog_by_hand());
    options.observer = seen;
    options.check_timeout = endless ? 0ns : 2ns;
    core_by_hand core{options};
    for (const int told : endless ? std::vector{3} : std::vector{1, 2, 3}) {
        const auto todo = core.look();
        REQUIRE(todo.size() == 1);
        CHECK(todo[0].what == errand::task::tell);
        core->run(todo[0]);
        CHECK(seen->told == told);
    }
    CHECK(core.look().empty());
}

TEST_CASE("an observer that is stuck is told nothing by a second call") {
    gate at_work;
    const auto seen = std::make_shared<counter>();
    seen->slowly = [&] { at_work(); };
    auto options = quiet(2, watchdog_by_hand());
    options.observer = seen;
    core_by_hand core{options};
    const auto todo = core.look();
    REQUIRE(todo.size() == 1);
    auto job = elsewhere([&] { core->run(todo[0]); });
    at_work.at_work.acquire();
    core.note_stuck(todo[0]);
    CHECK(core->stats().stuck == 1);
    CHECK(core->status().late == 0);
    CHECK(core.look().empty());
    at_work.go_on.release(100);
    job.get();
    CHECK(seen->told == 3);  // and that it was stuck
}
