// SPDX-License-Identifier: MIT
#pragma once

#include <hiredis/hiredis.h>

#include <memory>

namespace pooly::redis::detail {

struct finish {
    void operator()(redisContext* context) const noexcept { redisFree(context); }  // says nothing, so never waits
};
using handle_owner = std::unique_ptr<redisContext, finish>;

}  // namespace pooly::redis::detail
