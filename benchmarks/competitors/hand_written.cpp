// SPDX-License-Identifier: MIT

#include "hand_written_pool.hpp"

#include "../support/contestants.hpp"
#include "../support/worker.hpp"

namespace bench {
namespace {

struct hand_written : hand_written_pool<worker> {
    static constexpr const char* name = "hand_written";
    using hand_written_pool<worker>::hand_written_pool;
};

struct hand_simple : hand_written_pool<worker, clock_read::always> {
    static constexpr const char* name = "hand_simple";
    using hand_written_pool<worker, clock_read::always>::hand_written_pool;
};

[[maybe_unused]] const bool entered = enter<hand_written>() && enter_variant<hand_simple>();

}  // namespace
}  // namespace bench
