// SPDX-License-Identifier: MIT
#pragma once

#include <stdexcept>

namespace peers {

/// A command line that makes no sense; the text is one line for the user.
class bad_argument : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

}  // namespace peers
