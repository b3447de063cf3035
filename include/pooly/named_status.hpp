// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include <pooly/pool_status.hpp>

namespace pooly {

/// One look at one pool of several.
struct named_status {
    std::string name;
    pool_status status;

    friend bool operator==(const named_status&, const named_status&) = default;
};

}  // namespace pooly
