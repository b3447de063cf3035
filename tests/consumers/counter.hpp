// SPDX-License-Identifier: MIT
#pragma once

#include <pooly/pooly.hpp>

class counter {
public:
    int next() { return ++value_; }

private:
    int value_ = 0;
};

/// In a second translation unit, so that a definition that is not inline is found by the linker.
int lend_elsewhere(pooly::pool<counter>& counters);
