// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <exception>

#include <pooly/call_site.hpp>
#include <pooly/detail/clock_source.hpp>
#include <pooly/pool_event.hpp>

namespace pooly::detail {

/// A worker dies that was to live. Neither made nor ended under a lock: what a hook threw is user code (I5).
struct obituary {
    events::discarded told;
    std::exception_ptr error;  // what a hook threw
};

/// The death that was one too many: why those who ask get nothing.
struct fatal_death {
    events::death reason{};
    call_site where;
    std::exception_ptr error;
    clock_source::instant at{};
    std::size_t deaths = 0;
    std::chrono::nanoseconds window{};  // within which they died
};

}  // namespace pooly::detail
