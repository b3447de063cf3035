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

struct hand_tuned : hand_written_pool<worker, clock_read::to_wait> {
    static constexpr const char* name = "hand_tuned";
    using hand_written_pool<worker, clock_read::to_wait>::hand_written_pool;
};

[[maybe_unused]] const bool entered = enter<hand_written>() && enter_variant<hand_tuned>();

}  // namespace
}  // namespace bench
