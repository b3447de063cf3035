// SPDX-License-Identifier: MIT
#include <pooly/detail/slot_state.hpp>

#include <array>

#include "support/catch.hpp"

using namespace pooly::detail;

namespace {

constexpr std::array phases{slot_phase::empty, slot_phase::making, slot_phase::idle,     slot_phase::held,
                            slot_phase::stale, slot_phase::in_use, slot_phase::checking, slot_phase::retiring};
constexpr slot_word many_uses = 123'456 * one_use;

static_assert(word_of(slot_phase::empty) == 0, "the engine asks for a word of zero when it looks for an empty slot");
static_assert(noexcept(word_of(slot_phase::idle)) && noexcept(phase_of(0)) && noexcept(uses_of(0)));
static_assert(noexcept(is_lendable(0)) && noexcept(is_fit(0)) && noexcept(with_phase(0, slot_phase::idle)));
static_assert(one_use == phase_mask + 1, "phase and uses have bits of their own");

}  // namespace

TEST_CASE("a word keeps phase and uses apart") {
    for (const auto phase : phases) {
        CHECK(phase_of(word_of(phase) | many_uses) == phase);
        CHECK(uses_of(word_of(phase) | many_uses) == 123'456);
    }
}

TEST_CASE("a consumer may take an idle worker and nothing else") {
    for (const auto phase : phases) CHECK(is_lendable(word_of(phase) | many_uses) == (phase == slot_phase::idle));
}

TEST_CASE("the pool may take an idle worker that is held back, but not a stale one") {
    for (const auto phase : phases)
        CHECK(is_fit(word_of(phase) | many_uses) == (phase == slot_phase::idle || phase == slot_phase::held));
}

TEST_CASE("going out makes an idle worker a lent one, used once more; coming home leaves the count alone") {
    const auto idle = word_of(slot_phase::idle) | many_uses;
    CHECK(idle + go_out == (word_of(slot_phase::in_use) | (many_uses + one_use)));
    CHECK(idle + go_out - come_home == idle + one_use);
}

TEST_CASE("a change of phase leaves uses alone") {
    for (const auto from : phases)
        for (const auto to : phases) CHECK(with_phase(word_of(from) | many_uses, to) == (word_of(to) | many_uses));
}
