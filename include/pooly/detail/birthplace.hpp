// SPDX-License-Identifier: MIT
#pragma once

#include <pooly/detail/process.hpp>

namespace pooly::detail {

/// Of something that works only in the process in which it was made: a forked child has none of the threads that may
/// have had its locks.
class birthplace {
public:
    [[nodiscard]] bool is_left() const noexcept { return forks_ != process::instance().forks(); }

private:
    unsigned forks_ = process::instance().forks();
};

}  // namespace pooly::detail
