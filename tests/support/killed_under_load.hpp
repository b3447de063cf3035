// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <pooly/error.hpp>
#include <pooly/pool.hpp>

#include "support/test_server.hpp"
#include "support/time_of.hpp"

namespace pooly::test {

/// What consumers were told of their transactions, by an id for each.
struct ledger {
    std::set<std::string> acknowledged;
    std::set<std::string> refused;  // whose outcome is unknown is in neither
    std::chrono::steady_clock::duration longest{};

    void merge(ledger& other) {
        acknowledged.merge(other.acknowledged);
        refused.merge(other.refused);
        longest = std::max(longest, other.longest);
    }
};

/// Some threads run `write(worker, id)` in transactions while the server is killed and started again, so many times.
/// Returns when the pool has all of its workers again. What is thrown that `is_unknown` does not call a commit with an
/// unknown outcome was surely not done.
template <class T, class Server, class Write, class IsUnknown>
[[nodiscard]] ledger killed_under_load(pool<T>& db, Server& server, int kills, const Write& write,
                                       const IsUnknown& is_unknown) {
    constexpr std::size_t threads = 4;
    std::atomic<int> attempts{0};
    std::atomic<int> acknowledged{0};
    std::atomic<bool> over{false};
    std::vector<ledger> ledgers(threads);
    std::vector<std::thread> workers;
    for (auto& mine : ledgers)
        workers.emplace_back([&] {
            while (!over) {
                const auto id = std::to_string(attempts++);
                const auto took = time_of([&] {
                    try {
                        db.transaction([&](T& worker) { write(worker, id); });
                        mine.acknowledged.insert(id);
                        ++acknowledged;
                    } catch (const std::exception& told) {
                        if (!is_unknown(told)) mine.refused.insert(id);
                        std::this_thread::yield();
                    }
                });
                mine.longest = std::max(mine.longest, took);
            }
        });
    const auto more = [](const std::atomic<int>& counted) {
        for (const int before = counted; counted < before + 25;) std::this_thread::yield();
    };
    for (int kill = 0; kill < kills; ++kill) {
        more(acknowledged);
        dead<Server> meanwhile{server};
        more(attempts);
    }
    more(acknowledged);
    over = true;
    for (auto& worker : workers) worker.join();

    std::vector<lease<T>> all;
    while (all.size() < db.options().size)
        if (auto next = db.try_checkout_for(std::chrono::seconds{10})) all.push_back(std::move(next).value());
    ledger sum;
    for (auto& each : ledgers) sum.merge(each);
    std::printf("killed %d times under load: %d attempts, %zu acknowledged, %zu refused, longest %lld ms\n", kills,
                attempts.load(), sum.acknowledged.size(), sum.refused.size(),
                static_cast<long long>(std::chrono::duration_cast<std::chrono::milliseconds>(sum.longest).count()));
    return sum;
}

}  // namespace pooly::test
