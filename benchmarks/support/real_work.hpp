// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace bench {

/// One transaction of one client; false if its rules refused it, so that it changed nothing.
using transaction = std::function<bool(std::minstd_rand& random)>;

/// How clients get their connections.
struct way {
    std::string name;
    /// With pools of a size; what clients share lives as long as the function that they call.
    std::function<transaction(std::size_t size)> open;
};

/// Books in a database. What clients do to them has to be right afterwards.
class books {
public:
    books() = default;
    books(const books&) = delete;
    books& operator=(const books&) = delete;
    virtual ~books() = default;

    [[nodiscard]] virtual std::vector<way> ways() = 0;
    virtual void begin_turn() = 0;
    /// Throws unless just so many transactions were done since.
    virtual void end_turn(std::uint64_t done) = 0;
};

struct real_work {
    std::string program;
    std::string purpose;
    std::string yardstick;  ///< the way whose throughput is 1
    std::vector<int> clients;
    int size;
    bool takes_host;
    /// The host is empty unless one was asked for.
    std::function<std::unique_ptr<books>(const std::string& host)> open;
};

/// All of a program: each way has its turns, in an order shuffled anew each round, and then its line in a table for
/// each number of clients. Returns what main does.
[[nodiscard]] int run_real_work(int argc, char** argv, const real_work& work);

}  // namespace bench
