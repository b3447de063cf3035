// SPDX-License-Identifier: MIT
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "command_line.hpp"
#include "ledger.hpp"
#include "report.hpp"

/// Something to be done with a connection, in a transaction.
using work = std::function<void(SQLite::Database&)>;

struct outcome {
    std::uint64_t committed = 0;
    std::uint64_t rolled_back = 0;
    double seconds = 0;

    [[nodiscard]] double per_second() const noexcept { return static_cast<double>(committed) / seconds; }
};

/// Threads that pay each other at random for some seconds. How they get a connection and a transaction for that is the
/// caller's: `transact` runs a piece of work in one.
class load {
public:
    load(const settings& wanted, std::function<void(const work&)> transact)
        : wanted_{wanted}, transact_{std::move(transact)} {}

    /// Blocks until the time is up. `meanwhile` is called once, under load; `detail` ends each line of progress. Ends
    /// early, and throws, when something goes wrong in a thread.
    outcome run(const std::string& title, const std::function<std::string()>& detail,
                const std::function<void()>& meanwhile) {
        const auto started = std::chrono::steady_clock::now();
        std::vector<std::thread> threads;
        stop_on_failure([&] {
            for (int id = 1; id <= wanted_.threads; ++id)
                threads.emplace_back([this, id] { stop_on_failure([&] { pay_at_random(id); }); });
            meanwhile();
            show_progress(started, title, detail);
        });
        stop_ = true;
        for (auto& thread : threads) thread.join();
        if (failure_) std::rethrow_exception(failure_);
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
        return {committed_, rolled_back_, took.count()};
    }

private:
    void pay_at_random(int id) {
        std::minstd_rand random{static_cast<std::minstd_rand::result_type>(id)};
        while (!stop_) {
            const auto payment = ledger::any_payment(random);
            try {
                transact_([&](SQLite::Database& db) { ledger::transfer(db, payment); });
                ++committed_;
            } catch (const ledger::insufficient_funds&) {
                ++rolled_back_;  // thrown half way through the transfer
            }
        }
    }

    void show_progress(std::chrono::steady_clock::time_point started, const std::string& title,
                       const std::function<std::string()>& detail) {
        progress_line line;
        const auto end = started + std::chrono::seconds{wanted_.seconds};
        while (!stop_ && std::chrono::steady_clock::now() < end) {
            // the pace of the display; the load is in the other threads
            std::this_thread::sleep_until(std::min(end, std::chrono::steady_clock::now() + line.period()));
            const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - started;
            line.show(title + ", " + fixed(passed.count(), 1) + " s: " + grouped(committed_.load()) + " transfers, " +
                      grouped(rolled_back_.load()) + " rolled back" + detail());
        }
    }

    void stop_on_failure(const std::function<void()>& function) {
        try {
            function();
        } catch (...) {
            const std::lock_guard<std::mutex> lock{failure_mutex_};
            if (!failure_) failure_ = std::current_exception();
            stop_ = true;
        }
    }

    const settings& wanted_;
    std::function<void(const work&)> transact_;
    std::atomic<bool> stop_{false};
    std::atomic<std::uint64_t> committed_{0};
    std::atomic<std::uint64_t> rolled_back_{0};
    std::mutex failure_mutex_;
    std::exception_ptr failure_;
};
