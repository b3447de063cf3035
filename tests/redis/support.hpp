// SPDX-License-Identifier: MIT
#pragma once

#include <exception>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include <pooly/adapters/redis.hpp>
#include <pooly/pooly.hpp>

#include "redis/server.hpp"
#include "support/catch.hpp"
#include "support/pool_of_one.hpp"
#include "support/time_of.hpp"

namespace redis_test {

using pooly::redis::error;
using pooly::redis::factory;
using pooly::redis::reply;
using db_pool = pooly::pool<connection>;
using kind = pooly::redis::failure;

[[nodiscard]] inline std::string text(const reply& answer) {
    return answer->str == nullptr ? std::string{} : std::string{answer->str, answer->len};
}
/// Of an integer, or of what stands in a string.
[[nodiscard]] inline long long number(const reply& answer) {
    return answer->type == REDIS_REPLY_STRING ? std::stoll(text(answer)) : answer->integer;
}
/// The server's own number for a connection.
[[nodiscard]] inline long long id_of(connection& worker) { return number(worker.command("CLIENT", "ID")); }

[[nodiscard]] inline connection outsider() { return pooly::redis::connect(server::shared().by_socket()); }

/// Returns when the server has ended the connection, and said so.
inline void end(connection& by, long long id) {
    if (number(by.command("CLIENT", "KILL", "ID", std::to_string(id))) != 1)
        throw std::runtime_error{"there is no such connection"};
}

/// As long as it lives, the server runs a script and says BUSY to everybody.
class busy_script {
public:
    explicit busy_script(connection& by) : by_{&by} {
        by.command("CONFIG", "SET", "lua-time-limit", "1");
        runner_ = std::thread{[] {
            auto own = pooly::redis::connect(server::shared().by_socket({.command_timeout = hang}));
            try {
                own.command("EVAL", "while true do end", "0");
            } catch (const error&) {  // it was killed
            }
        }};
        while (!says_busy()) std::this_thread::yield();
    }
    busy_script(const busy_script&) = delete;
    busy_script& operator=(const busy_script&) = delete;
    ~busy_script() {
        by_->command("SCRIPT", "KILL");
        runner_.join();
    }

private:
    [[nodiscard]] bool says_busy() const {
        try {
            by_->command("PING");
            return false;
        } catch (const error& told) {
            return told.prefix() == "BUSY";
        }
    }

    connection* by_;
    std::thread runner_;
};

/// Runs what must fail; anything but the adapter's own exception goes on to the test.
struct failing {
    kind what;
    std::string prefix;
    std::string message;
};
template <class Function>
[[nodiscard]] failing failure_in(Function&& function) {
    try {
        std::forward<Function>(function)();
    } catch (const error& caught) {
        return {caught.kind(), std::string{caught.prefix()}, caught.what()};
    }
    return {kind{-1}, "none", "it did not fail"};
}
[[nodiscard]] inline failing failure_of(const std::exception_ptr& cause) {
    return failure_in([&] {
        if (cause) std::rethrow_exception(cause);
    });
}

/// A pool of one connection and a connection beside it, to a server that has no data.
struct pool_of_one {
    explicit pool_of_one(options how = {}, pooly::pool_options kept = {})
        : outside{outsider()}, db{factory{server::shared().by_socket(std::move(how))}, as_one(std::move(kept))} {
        outside.command("FLUSHALL");
    }

    template <class Function>
    [[nodiscard]] bool same_after(Function&& make_dirty) {
        return pooly::test::same_after(db, id_of, std::forward<Function>(make_dirty));
    }

    connection outside;
    db_pool db;
};

}  // namespace redis_test
