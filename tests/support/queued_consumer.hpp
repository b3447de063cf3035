// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <chrono>
#include <optional>
#include <thread>
#include <utility>

#include <pooly/pooly.hpp>

#include "support/waiting.hpp"

namespace pooly::test {

/// A consumer on a thread of its own that is in the queue when the constructor returns. Nobody else may join or leave
/// the queue meanwhile. It keeps what it was told until somebody asks.
template <class T, class Clock = std::chrono::steady_clock>
class queued_consumer {
public:
    explicit queued_consumer(pool<T, Clock>& db, std::chrono::nanoseconds timeout = std::chrono::hours{1}) {
        const auto before = db.status().waiting;
        thread_ = std::thread{[this, &db, timeout] { wait(db, timeout); }};
        wait_until([&] { return has_answer() || db.status().waiting > before; });
    }
    queued_consumer(const queued_consumer&) = delete;
    queued_consumer& operator=(const queued_consumer&) = delete;
    /// Not to be waited for in vain if the test has failed.
    ~queued_consumer() {
#if defined(__cpp_lib_jthread)
        stop_.request_stop();
#endif
        thread_.join();
    }

    [[nodiscard]] bool has_answer() const { return answered_.load(); }

    /// Waits for the answer.
    [[nodiscard]] checkout_result<T>& answer() {
        wait_until([&] { return has_answer(); });
        return *answer_;
    }
    /// The worker it got; throws `pool_error` if it got none.
    [[nodiscard]] lease<T> worker() { return std::move(answer()).value(); }

#if defined(__cpp_lib_jthread)
    void cancel() { stop_.request_stop(); }
#endif

private:
    void wait(pool<T, Clock>& db, std::chrono::nanoseconds timeout) {
#if defined(__cpp_lib_jthread)
        answer_ = db.try_checkout_for(timeout, stop_.get_token());
#else
        answer_ = db.try_checkout_for(timeout);
#endif
        answered_.store(true);
    }

#if defined(__cpp_lib_jthread)
    std::stop_source stop_;
#endif
    std::optional<checkout_result<T>> answer_;
    std::atomic<bool> answered_{false};
    std::thread thread_;
};

}  // namespace pooly::test
