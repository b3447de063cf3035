// SPDX-License-Identifier: MIT
#include <pooly/detail/thread_card.hpp>

#include <thread>
#include <utility>

#include "support/catch.hpp"
#include "support/waiting.hpp"

using pooly::detail::slot;
using pooly::detail::thread_card;

namespace {

constinit thread_card made_without_code{};
static_assert(std::is_trivially_destructible_v<thread_card>, "it may be asked for after its thread's end has begun");
static_assert(noexcept(std::declval<thread_card&>().last()) && noexcept(std::declval<thread_card&>().home_in(1)));
static_assert(noexcept(std::declval<thread_card&>().remember(1, std::declval<slot&>())));
static_assert(noexcept(std::declval<thread_card&>().number()) && noexcept(std::declval<thread_card&>().id()));

}  // namespace

TEST_CASE("a new card knows no pool; there is none of number 0") {
    CHECK(made_without_code.last().pool == 0);
    CHECK(made_without_code.last().place == nullptr);
    CHECK(made_without_code.home_in(1) == nullptr);
    CHECK(made_without_code.id() == 0);
}

TEST_CASE("a card remembers the slot of the pool that was used last") {
    thread_card card;
    slot one, two;
    card.remember(1, one);
    CHECK(card.last().pool == 1);
    CHECK(card.last().place == &one);
    card.remember(2, two);
    CHECK(card.last().pool == 2);
    CHECK(card.last().place == &two);
}

TEST_CASE("a card remembers the slots of several pools side by side") {
    thread_card card;
    slot places[8];
    for (std::uint64_t pool = 1; pool <= 8; ++pool) card.remember(pool, places[pool - 1]);
    for (std::uint64_t pool = 1; pool <= 8; ++pool) CHECK(card.home_in(pool) == &places[pool - 1]);
}

TEST_CASE("a card never takes one pool's slot for another's, though it forgets") {
    thread_card card;
    slot one, two;
    card.remember(1, one);
    CHECK(card.home_in(9) == nullptr);
    card.remember(9, two);
    CHECK(card.home_in(9) == &two);
    const auto* const first = card.home_in(1);
    CHECK((first == nullptr || first == &one));
}

TEST_CASE("a thread keeps its number, and no other has it") {
    auto& mine = pooly::detail::this_thread_card;
    const auto number = mine.number();
    CHECK(number > 0);
    CHECK(mine.number() == number);
    CHECK(mine.id() == pooly::detail::key_of(std::this_thread::get_id()));
    CHECK(pooly::test::on_another_thread([] { return pooly::detail::this_thread_card.number(); }) != number);
}
