// SPDX-License-Identifier: MIT
#include <pooly/detail/slot_state.hpp>

#include <array>

#include "support/catch.hpp"

using namespace pooly::detail;

namespace {

constexpr std::array phases{slot_phase::empty,  slot_phase::making,   slot_phase::idle,
                            slot_phase::in_use, slot_phase::checking, slot_phase::retiring};
constexpr std::array marks{slot_word{0}, stale_bit, held_bit, stale_bit | held_bit};
constexpr slot_word many_uses = 123'456 * one_use;

static_assert(word_of(slot_phase::empty) == 0, "the engine asks for a word of zero when it looks for an empty slot");
static_assert(noexcept(word_of(slot_phase::idle)) && noexcept(phase_of(0)) && noexcept(uses_of(0)));
static_assert(noexcept(is_stale(0)) && noexcept(is_lendable(0)) && noexcept(is_fit(0)) && noexcept(is_discarded(0)));
static_assert(noexcept(phase_change(slot_phase::idle, slot_phase::in_use)));
static_assert((phase_mask & stale_bit) == 0 && (phase_mask & held_bit) == 0 && (stale_bit & held_bit) == 0 &&
                  ((phase_mask | stale_bit | held_bit) & ~low_mask) == 0 && one_use == low_mask + 1,
              "phase, marks and uses have bits of their own");

}  // namespace

TEST_CASE("a word keeps phase, marks and uses apart") {
    for (const auto phase : phases) {
        for (const auto mark : marks) {
            const auto word = word_of(phase) | mark | many_uses;
            CHECK(phase_of(word) == phase);
            CHECK(is_stale(word) == ((mark & stale_bit) != 0));
            CHECK(uses_of(word) == 123'456);
        }
    }
}

TEST_CASE("a consumer may take an idle worker that has no mark, and nothing else") {
    for (const auto phase : phases)
        for (const auto mark : marks)
            CHECK(is_lendable(word_of(phase) | mark | many_uses) == (phase == slot_phase::idle && mark == 0));
}

TEST_CASE("the pool may take an idle worker that is held back, but not a stale one") {
    for (const auto phase : phases)
        for (const auto mark : marks)
            CHECK(is_fit(word_of(phase) | mark | many_uses) == (phase == slot_phase::idle && (mark & stale_bit) == 0));
}

TEST_CASE("only an idle worker that is stale waits to be disposed of, held back or not") {
    for (const auto phase : phases)
        for (const auto mark : marks)
            CHECK(is_discarded(word_of(phase) | mark | many_uses) ==
                  (phase == slot_phase::idle && (mark & stale_bit) != 0));
}

TEST_CASE("going out makes an idle worker a lent one, used once more, and leaves the marks alone") {
    for (const auto mark : marks)
        CHECK((word_of(slot_phase::idle) | mark | many_uses) + go_out ==
              (word_of(slot_phase::in_use) | mark | (many_uses + one_use)));
}

TEST_CASE("coming home leaves the count of uses and the marks alone") {
    for (const auto mark : marks)
        CHECK((word_of(slot_phase::in_use) | mark | many_uses) - come_home ==
              (word_of(slot_phase::idle) | mark | many_uses));
}

TEST_CASE("a change of phase leaves marks and uses alone") {
    for (const auto from : phases) {
        for (const auto to : phases) {
            for (const auto mark : marks) {
                const auto before = word_of(from) | mark | many_uses;
                CHECK((before ^ phase_change(from, to)) == (word_of(to) | mark | many_uses));
            }
        }
    }
}
