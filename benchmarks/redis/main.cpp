// SPDX-License-Identifier: MIT
// Short commands to Redis, by how a client gets its connection. Run it beside a server of its own: `pooly_with_redis
// pooly_redis_benchmarks`; or let REDIS_SOCKET lead to one, or --host and REDIS_PORT.

#include <pooly/adapters/redis.hpp>
#include <pooly/pooly.hpp>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "../support/real_work.hpp"
#include "ways.hpp"

namespace {

std::string required(const char* variable) {
    const char* const value = std::getenv(variable);
    if (value == nullptr)
        throw std::runtime_error{std::string{variable} + " is not set, so there is no way to a server"};
    return value;
}

pooly::redis::options address_of(const std::string& host) {
    if (host.empty()) return {.unix_path = required("REDIS_SOCKET")};
    return {.host = host, .port = std::stoi(required("REDIS_PORT"))};
}

/// One counter, which every client counts up.
class redis_books : public bench::books {
public:
    explicit redis_books(const std::string& host)
        : address_{address_of(host)}, keeper_{pooly::redis::connect(address_)} {}

    [[nodiscard]] std::vector<bench::way> ways() override { return bench::ways(address_); }
    void begin_turn() override { keeper_.command("DEL", bench::counter); }
    void end_turn(std::uint64_t done) override {
        const auto counted = keeper_.command("GET", bench::counter);
        if (std::string{counted->str, counted->len} != std::to_string(done))
            throw std::runtime_error{"the books are wrong"};
    }

private:
    pooly::redis::options address_;
    pooly::redis::connection keeper_;
};

}  // namespace

int main(int argc, char** argv) {
    return bench::run_real_work(argc, argv,
                                {.program = "pooly_redis_benchmarks",
                                 .purpose = "short commands to Redis, by how a client gets its connection",
                                 .yardstick = "pooly, reset nothing",  // which cleans as little as the others do
                                 .clients = {1, 4, 16, 64},
                                 .size = 8,
                                 .takes_host = true,
                                 .open = [](const std::string& host) { return std::make_unique<redis_books>(host); }});
}
