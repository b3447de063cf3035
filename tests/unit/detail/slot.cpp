// SPDX-License-Identifier: MIT
#include <pooly/detail/slot.hpp>

#include <chrono>
#include <string>
#include <type_traits>
#include <utility>

#include "support/catch.hpp"

using namespace pooly::detail;
using namespace std::chrono_literals;

namespace {

static_assert(sizeof(slot) == cache_line && alignof(slot) == cache_line, "two slots never share a line");
static_assert(std::is_trivially_destructible_v<slot>, "slots are given back as plain memory");
static_assert(std::atomic<slot_word>::is_always_lock_free && std::atomic<const char*>::is_always_lock_free);
static_assert(noexcept(std::declval<slot&>().try_claim()) && noexcept(std::declval<slot&>().try_take()));
static_assert(noexcept(std::declval<slot&>().change(slot_phase::idle)));
static_assert(noexcept(std::declval<slot&>().stamp(0, {}, 0, {})));
static_assert(noexcept(std::declval<const slot&>().since_when()));

constexpr slot_word idle = word_of(slot_phase::idle);
constexpr slot_word held = word_of(slot_phase::held);

}  // namespace

TEST_CASE("a slot begins empty, with nobody to name") {
    const slot place;
    CHECK(place.word.load() == 0);
    CHECK(std::string{place.file.load()}.empty());
    CHECK(std::string{place.function.load()}.empty());
    CHECK(place.id == 0);
}

TEST_CASE("an idle worker is claimed once") {
    slot place;
    place.word = idle;
    CHECK(place.try_claim());
    CHECK(place.word.load() == (word_of(slot_phase::in_use) | one_use));
    CHECK_FALSE(place.try_claim());
    CHECK(place.word.load() == (word_of(slot_phase::in_use) | one_use));
}

TEST_CASE("a worker that is not idle, or stale, is neither claimed nor taken") {
    for (const auto word : {slot_word{0}, word_of(slot_phase::making), word_of(slot_phase::in_use),
                            word_of(slot_phase::checking), word_of(slot_phase::retiring), word_of(slot_phase::stale)}) {
        slot place;
        place.word = word;
        CHECK_FALSE(place.try_claim());
        CHECK_FALSE(place.try_take());
        CHECK(place.word.load() == word);
    }
}

TEST_CASE("a worker that is held back is not claimed by a consumer, but taken by the pool") {
    slot place;
    place.word = held;
    CHECK_FALSE(place.try_claim());
    CHECK(place.word.load() == held);
    CHECK(place.try_take());
    CHECK(place.word.load() == (word_of(slot_phase::in_use) | one_use));
    CHECK_FALSE(place.try_take());
}

TEST_CASE("only an idle worker, held back or not, is kept from being lent, and it was not used by that") {
    for (const auto word : {idle, held}) {
        for (const auto phase : {slot_phase::held, slot_phase::stale, slot_phase::retiring}) {
            slot place;
            place.word = word + 3 * one_use;
            CHECK(place.try_keep(phase));
            CHECK(place.word.load() == word_of(phase) + 3 * one_use);
            CHECK_FALSE(place.try_claim());
        }
    }
    slot place;
    place.word = word_of(slot_phase::in_use) | one_use;
    CHECK_FALSE(place.try_keep(slot_phase::held));
    CHECK(place.word.load() == (word_of(slot_phase::in_use) | one_use));
}

TEST_CASE("an owner changes the phase, passes the worker on, or takes back that it was lent") {
    slot place;
    place.word = idle + 3 * one_use;
    REQUIRE(place.try_claim());
    place.change(slot_phase::checking);
    CHECK(place.word.load() == word_of(slot_phase::checking) + 4 * one_use);
    place.pass_on();
    CHECK(place.word.load() == word_of(slot_phase::in_use) + 5 * one_use);
    place.change_unused(slot_phase::retiring);
    CHECK(place.word.load() == word_of(slot_phase::retiring) + 4 * one_use);
}

TEST_CASE("a stamp says who took the worker, where, when, and at which use") {
    slot place;
    place.word = idle + 41 * one_use;
    REQUIRE(place.try_claim());
    const pooly::call_site where{"orders.cpp", "place_order", 0xffffffffU};
    place.stamp(place.word.load(), where, 7, 5ms);
    CHECK(place.file.load() == where.file);
    CHECK(place.function.load() == where.function);
    CHECK(place.line_and_use.load() == ((std::uint64_t{0xffffffffU} << 32U) | 42U));
    CHECK(place.thread.load() == 7);
    CHECK(place.since_when() == 5ms);
}

TEST_CASE("a stamp with the same place and time is a stamp of the later use all the same") {
    slot place;
    place.stamp(one_use, {"a", "f", 1}, 7, 5ms);
    place.stamp(2 * one_use, {"a", "f", 1}, 7, 5ms);
    CHECK((place.line_and_use.load() & 0xffffffffU) == 2);
}
