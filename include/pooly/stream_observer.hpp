// SPDX-License-Identifier: MIT
#pragma once

#include <mutex>
#include <ostream>
#include <string>

#include <pooly/detail/timestamp.hpp>
#include <pooly/pool_observer.hpp>

namespace pooly {

class [[gnu::visibility("default")]] stream_observer;  // apart: clang-format 14 stumbles over both in one

/// Writes each event as one line and flushes it: `2024-02-29T23:59:59.999Z #12 pool 'db': backend up again after 31 s`.
/// Thread safety: one may serve any number of pools; their lines do not mix. Others who write to the stream meanwhile
/// must be kept away by other means. Lifetime: the stream must outlive this.
class stream_observer final : public pool_observer {
public:
    explicit stream_observer(std::ostream& out) : out_{out} {}

    /// Throws: what the stream throws, if it was told to.
    void notify(const pool_event& event) override {
        // Put together before the lock, and written as it is: the stream's own format and locale are not for this.
        const auto line =
            detail::timestamp(event.at) + " #" + std::to_string(event.number) + ' ' + to_string(event) + '\n';
        const std::lock_guard<std::mutex> guard{mutex_};
        out_.write(line.data(), static_cast<std::streamsize>(line.size())).flush();
    }

private:
    std::mutex mutex_;
    std::ostream& out_;  // guarded by mutex_
};

}  // namespace pooly
