// SPDX-License-Identifier: MIT
#pragma once

#include <libpq-fe.h>

namespace pooly::postgres::detail {

/// Where the notices of a connection went when it came to us, and go again after a consumer had them sent elsewhere:
/// to an object of his, as likely as not, that is gone by the next notice.
class notice_handlers {
public:
    explicit notice_handlers(PGconn* handle) noexcept
        : receiver_{receiver_of(handle)}, processor_{processor_of(handle)} {}

    void restore(PGconn* handle) const noexcept {
        if (receiver_of(handle) != receiver_) PQsetNoticeReceiver(handle, receiver_, nullptr);
        if (processor_of(handle) != processor_) PQsetNoticeProcessor(handle, processor_, nullptr);
    }

private:
    // Setting null sets nothing, and returns what is set.
    [[nodiscard]] static PQnoticeReceiver receiver_of(PGconn* handle) noexcept {
        return PQsetNoticeReceiver(handle, nullptr, nullptr);
    }
    [[nodiscard]] static PQnoticeProcessor processor_of(PGconn* handle) noexcept {
        return PQsetNoticeProcessor(handle, nullptr, nullptr);
    }

    PQnoticeReceiver receiver_;
    PQnoticeProcessor processor_;
};

}  // namespace pooly::postgres::detail
