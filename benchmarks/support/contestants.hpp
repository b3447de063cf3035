// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <vector>

#include "contention_load.hpp"
#include "growth_load.hpp"
#include "pair_load.hpp"
#include "scarce_load.hpp"
#include "settings.hpp"
#include "worker.hpp"

namespace bench {

/// One pool in the race. A null function is a load it does not take part in.
struct contestant {
    const char* name;
    void (*enter_pairs)(const settings&) = nullptr;
    void (*enter_scarce)(const settings&) = nullptr;
    contention_sample (*contend)(std::chrono::milliseconds length, const contention_case&) = nullptr;
    void (*enter_registry)(const settings&) = nullptr;
    void (*enter_growth)(const settings&) = nullptr;
};

/// Everyone whose library was found: each competitor's source file adds itself.
[[nodiscard]] inline std::vector<contestant>& contestants() {
    static std::vector<contestant> all;
    return all;
}

/// True, so that it can initialise a namespace-scope constant.
inline bool enter(const contestant& one) {
    contestants().push_back(one);
    return true;
}

/// Enters a pool for every load.
template <contestant_pool Pool>
bool enter() {
    return enter({.name = Pool::name,
                  .enter_pairs = &enter_pairs<Pool>,
                  .enter_scarce = &enter_scarce<Pool>,
                  .contend = &contend<Pool>,
                  .enter_growth = &enter_growth<Pool>});
}

/// Enters a pool that differs from another in one point: only for the pairs, which show what the point costs.
template <contestant_pool Pool>
bool enter_variant() {
    return enter({.name = Pool::name, .enter_pairs = &enter_pairs<Pool, variant_sizes>});
}

}  // namespace bench
