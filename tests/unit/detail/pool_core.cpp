// SPDX-License-Identifier: MIT
#include <pooly/detail/pool_core.hpp>

#include <chrono>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include <pooly/pool.hpp>

#include "support/catch.hpp"
#include "support/unsupervised.hpp"
#include "support/waiting.hpp"

using namespace std::chrono_literals;
using pooly::detail::clock_source;
using pooly::detail::control_block;
using pooly::detail::pool_core;
using pooly::detail::request;
using pooly::detail::worker_layout;

using pooly::test::unsupervised;
namespace {

static_assert(!std::is_destructible_v<pool_core>, "it ends by itself, with the last of its leases");
static_assert(noexcept(std::declval<pool_core&>().check_in(std::declval<pooly::detail::slot&>())));
static_assert(noexcept(std::declval<pool_core&>().discard(std::declval<pooly::detail::slot&>(),
                                                          pooly::events::death::discarded, nullptr)));
static_assert(noexcept(std::declval<pool_core&>().release_detached(std::declval<pooly::detail::slot&>())));
static_assert(noexcept(std::declval<pool_core&>().close()) && noexcept(std::declval<pool_core&>().orphan()));
static_assert(noexcept(std::declval<pool_core&>().suspend(true)));
static_assert(!noexcept(std::declval<pool_core&>().acquire(std::declval<request&>())));

/// A worker without a type, that looks at every turn whether the pool's lock is free while user code runs (I5).
class watchful final : public pooly::detail::worker_source {
public:
    struct findings {
        int calls = 0;
        int locked = 0;
        int destroyed = 0;
        bool fails = false;
        control_block* block = nullptr;

        void look() {
            ++calls;
            if (block == nullptr) return;
            const bool free = pooly::test::on_another_thread([this] {
                const std::unique_lock<std::mutex> lock{block->mutex, std::try_to_lock};
                return lock.owns_lock();
            });
            if (!free) ++locked;
        }
    };

    /// What the source throws; to end an exception is to run user code too.
    struct failure : std::runtime_error {
        explicit failure(findings& into)
            : std::runtime_error{"told to fail"}, end{&into, [](findings* f) { f->look(); }} {}
        std::shared_ptr<findings> end;
    };

    explicit watchful(std::shared_ptr<findings> into) : into_{std::move(into)} {}
    ~watchful() override { into_->block = nullptr; }

    void construct(void*, const pooly::create_context&) override { act(); }
    void destroy(void*) noexcept override {
        into_->look();
        ++into_->destroyed;
    }
    bool healthy(void*) override { return act(), true; }
    void reset(void*) override { act(); }
    void retire(void*) override { act(); }
    bool checks_health() const noexcept override { return true; }
    bool resets() const noexcept override { return true; }

private:
    void act() {
        into_->look();
        if (into_->fails) throw failure{*into_};
    }

    std::shared_ptr<findings> into_;
};

/// An engine of its own, without the pool around it.
struct bare_core {
    explicit bare_core(const pooly::pool_options& options)
        : core{new pool_core{options, worker_layout::of<int>(), clock_source::of<std::chrono::steady_clock>(),
                             std::make_unique<watchful>(seen)}} {
        seen->block = &core->control();
        core->start();
    }
    /// As the pool does it.
    void end() {
        core->close();
        core->orphan();
    }
    pooly::detail::slot* borrow() {
        request ask;
        return core->acquire(ask).place;
    }

    std::shared_ptr<watchful::findings> seen = std::make_shared<watchful::findings>();
    pool_core* core;
};

}  // namespace

TEST_CASE("no user code runs under the pool's lock, whatever the engine does") {
    for (const auto order : {pooly::idle_order::affine, pooly::idle_order::lifo}) {
        bare_core bare{unsupervised({.size = 2, .max_overflow = 1, .order = order, .check_after_idle = 0ns})};
        auto& core = *bare.core;
        auto* const one = bare.borrow();
        auto* const two = bare.borrow();
        auto* const three = bare.borrow();
        core.check_in(*three);  // dismissed
        core.check_in(*one);
        core.discard(*two, pooly::events::death::discarded, nullptr);  // and replaced
        core.restart();
        core.release_detached(*bare.borrow());
        core.resize({1, 0});
        core.resize({3, 0});
        bare.seen->fails = true;
        CHECK(bare.borrow() == nullptr);  // none is healthy, none can be made
        CHECK_THROWS_AS(core.prewarm(), watchful::failure);
        bare.seen->fails = false;
        CHECK(core.prewarm() > 0);
        bare.seen->fails = true;
        CHECK_THROWS_AS(core.restart(), watchful::failure);
        bare.seen->fails = false;
        CHECK(core.prewarm() > 0);
        auto* const last = bare.borrow();
        core.close();
        core.check_in(*last);
        CHECK(bare.seen->calls > 20);
        CHECK(bare.seen->locked == 0);
        core.orphan();
    }
}

TEST_CASE("an engine ends with its pool if no worker is out") {
    bare_core bare{{.size = 2}};
    auto& block = bare.core->control();
    const auto id = block.pool_id;
    bare.end();
    CHECK(bare.seen.use_count() == 1);
    CHECK(bare.seen->destroyed == 2);
    CHECK(block.pool_id != id);
    CHECK(block.core == nullptr);
}

TEST_CASE("an engine outlives its pool until the last worker is home, whichever way it comes") {
    for (int way = 0; way < 3; ++way) {
        bare_core bare{{.size = 2}};
        auto* const one = bare.borrow();
        auto* const two = bare.borrow();
        bare.end();
        CHECK(bare.seen->destroyed == 0);
        bare.core->check_in(*one);
        CHECK(bare.seen.use_count() == 2);
        if (way == 0) bare.core->check_in(*two);
        if (way == 1) bare.core->discard(*two, pooly::events::death::discarded, nullptr);
        if (way == 2) bare.core->release_detached(*two);
        CHECK(bare.seen.use_count() == 1);
        CHECK(bare.seen->destroyed == 2);
    }
}

TEST_CASE("a worker that comes home as its end is announced, and missed it, is ended by whoever brought it") {
    const bool closes = GENERATE(false, true);
    bare_core bare{unsupervised({.size = 1})};
    auto& block = bare.core->control();
    const auto id = block.pool_id;
    auto* const place = bare.borrow();
    // A check-in in its two steps: it has seen no reason to take the lock when this happens.
    if (closes)
        bare.core->close();
    else
        bare.core->restart();
    CHECK(bare.seen->destroyed == 0);
    place->word -= pooly::detail::come_home;
    pooly::detail::look_after_return(block, id, *place);
    CHECK(bare.seen->destroyed == 1);
    CHECK(bare.core->status().live == 0);
    bare.end();
}

TEST_CASE("a refusal tells its story only to one who wants it") {
    bare_core bare{{.size = 1}};
    auto* const held = bare.borrow();
    request ask;
    CHECK(bare.core->acquire(ask).story == nullptr);
    ask.explains = true;
    const auto got = bare.core->acquire(ask);
    CHECK(got.refused());
    CHECK(got.refusal == pooly::errc::full);
    REQUIRE(got.story != nullptr);
    CHECK(got.story->status.in_use == 1);
    CHECK(got.story->limits.size == 1);
    bare.core->check_in(*held);
    bare.end();
}
