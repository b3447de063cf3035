// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <set>

namespace pooly::test {

/// What the writers of an audit were told of each number, and how they fared.
struct audit_books {
    std::mutex mutex;
    std::set<std::int64_t> acknowledged, unknown, failed;  // guarded by `mutex` while they write
    std::atomic<std::int64_t> next{0};
    std::atomic<std::size_t> in_the_middle{0};  // of a transaction
    std::atomic<std::size_t> turned_away{0};    // without a connection
    std::atomic<std::size_t> odd{0};            // for a reason that cannot be
    std::atomic<std::chrono::steady_clock::duration> longest_wait{};

    void enter(std::set<std::int64_t>& column, std::int64_t number) {
        const std::lock_guard guard{mutex};
        column.insert(number);
    }
    [[nodiscard]] std::size_t written() {
        const std::lock_guard guard{mutex};
        return acknowledged.size();
    }
    void note_wait(std::chrono::steady_clock::duration took) {
        auto seen = longest_wait.load();
        while (took > seen && !longest_wait.compare_exchange_weak(seen, took)) continue;
    }
};

}  // namespace pooly::test
