// SPDX-License-Identifier: MIT
#pragma once

#include <pthread.h>

#include <cstddef>

#include "support/catch.hpp"

namespace pooly::test {

/// As long as it lives, no thread can be started: none finds room for its stack.
class no_thread_left {
public:
    no_thread_left() {
        REQUIRE(::pthread_getattr_default_np(&before_) == 0);
        pthread_attr_t more{};
        REQUIRE(::pthread_getattr_default_np(&more) == 0);
        REQUIRE(::pthread_attr_setstacksize(&more, std::size_t{1} << 47U) == 0);
        REQUIRE(::pthread_setattr_default_np(&more) == 0);
        ::pthread_attr_destroy(&more);
    }
    no_thread_left(const no_thread_left&) = delete;
    no_thread_left& operator=(const no_thread_left&) = delete;
    ~no_thread_left() {
        ::pthread_setattr_default_np(&before_);
        ::pthread_attr_destroy(&before_);
    }

private:
    pthread_attr_t before_{};
};

}  // namespace pooly::test
