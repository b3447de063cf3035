// SPDX-License-Identifier: MIT
#include <pooly/lease.hpp>
#include <pooly/pool.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/child_process.hpp"
#include "support/manual_clock.hpp"

using namespace std::chrono_literals;
using pooly::lease;

namespace {

struct worker {
    int number = 0;
};

/// Makes workers that are numbered from 1.
auto numbered() {
    return [last = 0]() mutable { return worker{++last}; };
}

struct immovable {
    immovable() = default;
    immovable(immovable&&) = delete;
};

struct throws_when_moved {
    bool* throws;
    explicit throws_when_moved(bool& when) : throws{&when} {}
    throws_when_moved(throws_when_moved&& other) : throws{other.throws} {
        if (*throws) throw std::runtime_error{"will not be moved"};
    }
};

template <class T>
concept can_detach = requires(lease<T> held) {
    held.detach();
};

static_assert(sizeof(lease<worker>) <= 3 * sizeof(void*), "a lease is at most three words");
static_assert(std::is_nothrow_default_constructible_v<lease<worker>>);
static_assert(std::is_nothrow_move_constructible_v<lease<worker>> && std::is_nothrow_move_assignable_v<lease<worker>>);
static_assert(!std::is_copy_constructible_v<lease<worker>> && !std::is_copy_assignable_v<lease<worker>>);
static_assert(std::is_nothrow_destructible_v<lease<worker>>);
static_assert(noexcept(std::declval<lease<worker>&>().checkin()));
static_assert(noexcept(std::declval<lease<worker>&>().discard()));
static_assert(noexcept(std::declval<const lease<worker>&>().get()));
static_assert(noexcept(*std::declval<const lease<worker>&>()));
static_assert(noexcept(std::declval<const lease<worker>&>().operator->()));
static_assert(noexcept(static_cast<bool>(std::declval<const lease<worker>&>())));
static_assert(noexcept(std::declval<const lease<worker>&>().info()));
static_assert(!noexcept(std::declval<lease<worker>&>().detach()), "an empty lease has nothing to detach");
static_assert(!std::is_convertible_v<lease<worker>, bool>, "explicit: a lease is not a number");
static_assert(can_detach<worker> && !can_detach<immovable>, "what cannot be moved cannot leave its place");
static_assert(std::is_same_v<lease<worker>::worker_type, worker>);

}  // namespace

TEST_CASE("a lease that was never given a worker is empty") {
    lease<worker> none;
    CHECK_FALSE(none);
    CHECK(none.get() == nullptr);
    none.checkin();
    none.discard();
    CHECK_FALSE(none);
}

TEST_CASE("a lease reaches its worker in each of its ways") {
    pooly::pool db{numbered(), {.size = 1}};
    const auto held = db.checkout();
    REQUIRE(held);
    CHECK(held->number == 1);
    CHECK((*held).number == 1);
    CHECK(held.get() == &*held);
}

TEST_CASE("a lease gives its worker back when it dies, and by an exception too") {
    pooly::pool db{numbered(), {.size = 1}};
    try {
        const auto held = db.checkout();
        CHECK(db.status().in_use == 1);
        throw std::runtime_error{"the consumer's own"};
    } catch (const std::runtime_error&) {
    }
    CHECK(db.status().in_use == 0);
    CHECK(db.status().idle == 1);
}

TEST_CASE("a lease that is checked in is empty and holds nothing up") {
    pooly::pool db{numbered(), {.size = 1}};
    auto held = db.checkout();
    held.checkin();
    CHECK_FALSE(held);
    CHECK(held.get() == nullptr);
    CHECK(db.status().idle == 1);
}

TEST_CASE("a second check-in of the same lease does nothing, though the worker has a new holder") {
    pooly::pool db{numbered(), {.size = 1}};
    auto first = db.checkout();
    first.checkin();
    const auto second = db.checkout();
    first.checkin();
    first.discard();
    CHECK(db.status().in_use == 1);
    CHECK(second->number == 1);
    CHECK(db.stats().checkouts == 2);
}

TEST_CASE("a moved lease takes its worker along and leaves nothing behind") {
    pooly::pool db{numbered(), {.size = 1}};
    auto from = db.checkout();
    auto* const lent = from.get();
    lease<worker> to{std::move(from)};
    CHECK(to.get() == lent);
    CHECK_FALSE(from);
    from.checkin();
    CHECK(db.status().in_use == 1);
    to.checkin();
    CHECK(db.status().in_use == 0);
}

TEST_CASE("a lease that is assigned another gives back its own first") {
    pooly::pool db{numbered(), {.size = 2}};
    auto one = db.checkout();
    auto two = db.checkout();
    auto* const lent = two.get();
    one = std::move(two);
    CHECK(one.get() == lent);
    CHECK_FALSE(two);
    CHECK(db.status().in_use == 1);
    CHECK(db.status().idle == 1);
}

TEST_CASE("a lease survives being moved onto itself") {
    pooly::pool db{numbered(), {.size = 1}};
    auto held = db.checkout();
    auto& same = held;
    held = std::move(same);
    REQUIRE(held);
    CHECK(held->number == 1);
    CHECK(db.status().in_use == 1);
}

TEST_CASE("swapped leases have swapped workers") {
    pooly::pool db{numbered(), {.size = 2}};
    auto one = db.checkout();
    auto two = db.checkout();
    auto* const first = one.get();
    auto* const second = two.get();
    std::swap(one, two);
    CHECK(one.get() == second);
    CHECK(two.get() == first);
    CHECK(db.status().in_use == 2);
}

TEST_CASE("leases of different pools of one type may be exchanged; each worker goes home") {
    pooly::pool here{numbered(), {.size = 1}};
    pooly::pool there{numbered(), {.size = 1}};
    auto one = here.checkout();
    auto two = there.checkout();
    std::swap(one, two);
    one.checkin();
    CHECK(there.status().idle == 1);
    CHECK(here.status().in_use == 1);
}

TEST_CASE("a discarded worker is destroyed and replaced") {
    pooly::pool db{numbered(), {.size = 1}};
    auto held = db.checkout();
    CHECK(held->number == 1);
    held.discard();
    CHECK_FALSE(held);
    CHECK(db.status().idle == 1);
    CHECK(db.checkout()->number == 2);
    CHECK(db.stats().discarded == 1);
    CHECK(db.stats().destroyed == 1);
}

TEST_CASE("a detached worker leaves the pool as it is, and its place is refilled") {
    int retired = 0;
    pooly::pool db{numbered(), {.size = 1}, {.retire = [&](worker&) { ++retired; }}};
    auto held = db.checkout();
    held->number = 42;
    const worker mine = held.detach();
    CHECK(mine.number == 42);
    CHECK_FALSE(held);
    CHECK(db.status().idle == 1);
    CHECK(db.checkout()->number == 2);
    CHECK(retired == 0);
    CHECK(db.stats().detached == 1);
    CHECK(db.stats().destroyed == 0);
}

TEST_CASE("a worker that can only be moved can be detached") {
    pooly::pool db{[] { return std::make_unique<int>(7); }, {.size = 1}};
    auto held = db.checkout();
    const std::unique_ptr<int> mine = held.detach();
    CHECK(*mine == 7);
}

TEST_CASE("detaching from an empty lease is refused by its name") {
    pooly::pool db{numbered(), {.size = 1}};
    auto from = db.checkout();
    auto to = std::move(from);
    CHECK_THROWS_AS(from.detach(), std::invalid_argument);
    CHECK_THROWS_WITH(from.detach(), "pooly: lease must not be empty: there is no worker to detach");
    CHECK_THROWS_AS(lease<worker>{}.detach(), std::invalid_argument);
    CHECK(db.status().in_use == 1);
    CHECK(db.stats().detached == 0);
}

TEST_CASE("a worker that will not be moved stays where it is when it is detached") {
    bool throws = false;
    pooly::pool db{[&] { return throws_when_moved{throws}; }, {.size = 1}};
    auto held = db.checkout();
    throws = true;
    CHECK_THROWS_WITH(held.detach(), "will not be moved");
    REQUIRE(held);
    CHECK(db.status().in_use == 1);
    CHECK(db.stats().detached == 0);
    throws = false;
    (void)held.detach();
    CHECK_FALSE(held);
    CHECK(db.stats().detached == 1);
}

TEST_CASE("a worker can be detached while another exception unwinds the stack") {
    pooly::pool db{numbered(), {.size = 1}};
    int kept = 0;
    struct keeper {
        lease<worker>& from;
        int& to;
        ~keeper() { to = from.detach().number; }
    };
    auto held = db.checkout();
    try {
        const keeper at_the_end{held, kept};
        throw std::runtime_error{"unwinding"};
    } catch (const std::runtime_error&) {
    }
    CHECK(kept == 1);
    CHECK_FALSE(held);
    CHECK(db.stats().detached == 1);
}

TEST_CASE("a worker's papers tell its number, generation, birth and uses") {
    using pooly::test::manual_clock;
    manual_clock::set(1h);
    pooly::pool<worker, manual_clock> db{numbered(), {.size = 1, .start = pooly::start_mode::lazy}};
    manual_clock::advance(5s);
    auto held = db.checkout();
    const auto first = held.info();
    CHECK(first.id == 1);
    CHECK(first.generation == 0);
    CHECK(first.uses == 1);
    held.checkin();
    manual_clock::advance(5s);
    held = db.checkout();
    CHECK(held.info().id == 1);
    CHECK(held.info().uses == 2);
    CHECK(held.info().created == first.created);
    held.checkin();
    db.restart();
    held = db.checkout();
    CHECK(held.info().id == 2);
    CHECK(held.info().generation == 1);
    CHECK(held.info().uses == 1);
    CHECK(held.info().created - first.created == 5s);
}

TEST_CASE("a lease outlives its pool, and destroys the worker at its end") {
    const auto alive = std::make_shared<int>();
    lease<std::shared_ptr<int>> held;
    {
        pooly::pool db{[&] { return alive; }, {.size = 2}};
        held = db.checkout();
        CHECK(alive.use_count() == 3);
    }
    CHECK(alive.use_count() == 2);
    CHECK(held->get() == alive.get());
    CHECK(held.info().uses == 1);
    held.checkin();
    CHECK(alive.use_count() == 1);
}

TEST_CASE("a lease that outlived its pool can be discarded or detached, and nothing is replaced") {
    int made = 0;
    const auto factory = [&made] { return worker{++made}; };
    lease<worker> broken, kept;
    {
        pooly::pool db{factory, {.size = 2}};
        broken = db.checkout();
        kept = db.checkout();
    }
    broken.discard();
    CHECK(kept.detach().number >= 1);
    CHECK(made == 2);
}

#if !defined(NDEBUG) && POOLY_TEST_HAS_FORK

using Catch::Matchers::ContainsSubstring;
using pooly::test::in_child_process;

TEST_CASE("an empty lease says that it has no worker when it is used all the same, in a debug build") {
    constexpr auto sentence = "pooly: an empty lease has no worker";
    const auto starred = in_child_process([] { return (*lease<worker>{}).number; });
    CHECK(starred.aborted());
    CHECK_THAT(starred.error_text, ContainsSubstring(sentence));

    const auto arrowed = in_child_process([] {
        return lease<worker> {
            } -> number;
    });
    CHECK(arrowed.aborted());
    CHECK_THAT(arrowed.error_text, ContainsSubstring(sentence));

    const auto informed = in_child_process([] { return static_cast<int>(lease<worker>{}.info().id); });
    CHECK(informed.aborted());
    CHECK_THAT(informed.error_text, ContainsSubstring(sentence));
}

TEST_CASE("a result without a lease says that it has no worker when it is used all the same, in a debug build") {
    const auto used = in_child_process([] {
        return pooly::checkout_result<worker> { pooly::errc::full, nullptr } -> number;
    });
    CHECK(used.aborted());
    CHECK_THAT(used.error_text, ContainsSubstring("pooly: an empty lease has no worker"));
}

#endif
