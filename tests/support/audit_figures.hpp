// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <iostream>

namespace pooly::test {

/// What the runs of an audit saw.
struct audit_figures {
    using duration = std::chrono::steady_clock::duration;

    std::size_t runs = 0;
    std::size_t acknowledged = 0, unknown = 0, unknown_there = 0, failed = 0, turned_away = 0;
    duration longest_wait{};
    duration shortest_outage = duration::max(), longest_outage{};
    std::size_t most_attempts = 0;  // to connect, in one outage
    duration longest_recovery{};
    duration slowest_connection{};  // of that recovery

    void add(const audit_figures& more) {
        runs += more.runs;
        acknowledged += more.acknowledged;
        unknown += more.unknown;
        unknown_there += more.unknown_there;
        failed += more.failed;
        turned_away += more.turned_away;
        longest_wait = std::max(longest_wait, more.longest_wait);
        shortest_outage = std::min(shortest_outage, more.shortest_outage);
        longest_outage = std::max(longest_outage, more.longest_outage);
        most_attempts = std::max(most_attempts, more.most_attempts);
        if (more.longest_recovery > longest_recovery) {
            longest_recovery = more.longest_recovery;
            slowest_connection = more.slowest_connection;
        }
    }

    /// As the rows of a table: runs, acknowledged, unknown (there), failed, of these turned away, longest wait, out
    /// for, attempts to connect meanwhile, whole again after (its slowest connection).
    void print(const char* name) const {
        const auto ms = [](duration time) {
            return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
        };
        std::cout << "| " << name << " | " << runs << " | " << acknowledged << " | " << unknown << " (" << unknown_there
                  << ") | " << failed << ", " << turned_away << " | " << ms(longest_wait) << " ms | "
                  << ms(shortest_outage) << " to " << ms(longest_outage) << " ms | " << most_attempts << " | "
                  << ms(longest_recovery) << " ms (" << ms(slowest_connection) << " ms) |" << std::endl;
    }
};

}  // namespace pooly::test
