// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "../../examples/ledger.hpp"
#include "../support/real_work.hpp"

namespace bench {

/// Makes one payment of somebody to somebody by `pay`, which throws where there is too little to pay it from.
template <class Pay>
[[nodiscard]] transaction payments_by(Pay pay) {
    return [pay = std::move(pay)](std::minstd_rand& random) {
        try {
            pay(ledger::any_payment(random));
            return true;
        } catch (const ledger::insufficient_funds&) {
            return false;
        }
    };
}

/// The ledger's file is asked for as a way is opened. All connections have the same settings.
using file_of_turn = std::function<std::string()>;

[[nodiscard]] std::vector<way> ways(const file_of_turn& file);

#if defined(POOLY_BENCHMARK_SOCI)
[[nodiscard]] way soci_way(const file_of_turn& file);
#endif

}  // namespace bench
