// SPDX-License-Identifier: MIT
#include <pooly/detail/attention.hpp>

#include <bit>

#include "support/catch.hpp"

namespace a = pooly::detail::attention;

namespace {

constexpr a::bits all = a::waiters | a::queueing | a::surplus | a::draining | a::scarce | a::held_back | a::closed |
                        a::ordered | a::timed | a::resetting | a::forked | a::marked | a::failed | a::renewing |
                        a::dozing;

constexpr bool holds(a::bits set, a::bits bits) { return (set & bits) == bits; }

static_assert(std::popcount(all) == 15, "each cause has a bit of its own");

// A check-out takes the lock if it must queue, is refused, is to be served in order, or wakes who dozes ...
static_assert(holds(a::locks_checkout,
                    a::queueing | a::held_back | a::closed | a::ordered | a::forked | a::failed | a::dozing));
// ... and not for what only concerns those who return, nor for the clock.
static_assert((a::locks_checkout & (a::waiters | a::surplus | a::draining | a::resetting | a::timed | a::marked)) == 0);
static_assert(a::slows_checkout == (a::locks_checkout | a::timed));

// A check-in takes the lock if somebody waits for the worker, counts it, is to be told of it, or if it may be the
// worker's end ...
static_assert(holds(a::locks_checkin, a::waiters | a::surplus | a::draining | a::scarce | a::ordered | a::forked |
                                          a::held_back | a::closed | a::marked));
// ... but not for what only concerns newcomers, nor for the clock or a hook.
static_assert((a::locks_checkin & (a::queueing | a::resetting | a::timed | a::dozing)) == 0);
static_assert(a::slows_checkin == (a::locks_checkin | a::timed | a::resetting));

}  // namespace

TEST_CASE("every cause for attention makes one of the two, check-out or check-in, leave its fast path") {
    CHECK((a::slows_checkout | a::slows_checkin) == all);
}
