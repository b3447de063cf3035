// SPDX-License-Identifier: MIT
#pragma once

#include <hiredis/hiredis.h>

#include <memory>

namespace pooly::redis {

struct free_reply {
    void operator()(redisReply* answer) const noexcept { freeReplyObject(answer); }
};

/// Owns what hiredis returns.
using reply = std::unique_ptr<redisReply, free_reply>;

}  // namespace pooly::redis
