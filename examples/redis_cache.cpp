// SPDX-License-Identifier: MIT

// A cache in Redis before something slow: several threads look up articles, each in the cache first, where they leave
// what they had to fetch. In the middle Redis stops answering for a while. A cache that is away makes a program slower,
// never wrong, and never waits for it long: every answer is checked, and the cache is used again afterwards.
// It uses keys of its own, and deletes them.

#include <pooly/pooly.hpp>

#include <hiredis/hiredis.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <pooly/adapters/redis.hpp>

#include "usage.hpp"

namespace {

using namespace std::chrono_literals;
using pooly::redis::connection;
using cache_pool = pooly::pool<connection>;

constexpr usage how_to_use{
    "redis_cache", 0, 1,
    "usage: redis_cache [HOST[:PORT] | /PATH/OF/A/SOCKET]\n"
    "\n"
    "Looks up articles in a cache in Redis before it fetches them, while Redis stops answering for a while, and\n"
    "checks what it got. Without an address it asks the Redis of this machine.\n"};

constexpr int readers = 8;
constexpr int articles = 200;
constexpr auto outage = 500ms;

/// What is slow, and knows everything.
std::string fetch(int article) {
    std::this_thread::sleep_for(1ms);
    return "article " + std::to_string(article * article);
}

struct tally {
    std::atomic<int> found{0};    // in the cache
    std::atomic<int> fetched{0};  // and left there
    std::atomic<int> without{0};  // fetched, since the cache was away
    std::atomic<int> wrong{0};
};

std::optional<std::string> find(connection& cache, const std::string& key) {
    const auto answer = cache.command("GET", key);
    if (answer->type == REDIS_REPLY_NIL) return std::nullopt;
    return std::string{answer->str, answer->len};
}

std::string look_up(cache_pool& cache, const std::string& prefix, int article, tally& seen) {
    const auto key = prefix + std::to_string(article);
    try {
        // No lease is held while the article is fetched: that takes longer than all that is asked of Redis.
        if (auto known = find(*cache.checkout(), key)) {
            ++seen.found;
            return std::move(*known);
        }
        auto text = fetch(article);
        cache.checkout()->command("SET", key, text, "EX", "60");
        ++seen.fetched;
        return text;
    } catch (const pooly::pool_error&) {    // nobody has a connection to lend
    } catch (const pooly::redis::error&) {  // or the one that was lent says nothing
    }
    ++seen.without;
    return fetch(article);
}

void read_until(const std::atomic<bool>& over, cache_pool& cache, const std::string& prefix, unsigned seed,
                tally& seen) {
    std::minstd_rand random{seed};
    while (!over) {
        const int article = static_cast<int>(random() % articles);
        if (look_up(cache, prefix, article, seen) != "article " + std::to_string(article * article)) ++seen.wrong;
    }
}

/// Returns when so many more were counted; false if that does not come.
bool await(const std::atomic<int>& counted, int more) {
    const int enough = counted + more;
    const auto deadline = std::chrono::steady_clock::now() + 30s;
    while (counted < enough) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::sleep_for(1ms);
    }
    return true;
}

pooly::redis::options options_of(const std::string& address) {
    // A cache has to be quick, or it is none: so it has little time for everything.
    pooly::redis::options how{.connect_timeout = 50ms,
                              .health_timeout = 50ms,
                              .reply_timeout = 50ms,
                              .exec_timeout = 50ms,
                              .command_timeout = 50ms};
    if (!address.empty() && address.front() == '/') {
        how.unix_path = address;
        return how;
    }
    const auto colon = address.find(':');
    how.host = address.empty() ? "127.0.0.1" : address.substr(0, colon);
    if (colon != address.npos) how.port = std::stoi(address.substr(colon + 1));
    return how;
}

int run(const std::string& address) {
    const auto how = options_of(address);
    const auto prefix = "pooly_redis_cache:" + std::to_string(::getpid()) + ':';
    auto administrator = pooly::redis::connect(how);
    cache_pool cache{pooly::redis::factory{how},
                     {.name = "cache", .size = 4, .checkout_timeout = 20ms, .backoff_base = 5ms, .backoff_cap = 50ms}};
    tally seen;
    std::atomic<bool> over{false};
    std::vector<std::thread> all;
    for (unsigned id = 1; id <= readers; ++id) all.emplace_back([&, id] { read_until(over, cache, prefix, id, seen); });

    const bool good_before = await(seen.found, 500);
    const int before = seen.without;
    administrator.command("CLIENT", "PAUSE", std::to_string(outage / 1ms), "ALL");
    const bool missed = await(seen.without, readers);
    const bool good_after = await(seen.found, 500);
    over = true;
    for (auto& one : all) one.join();

    for (int article = 0; article < articles; ++article)
        cache.checkout()->command("DEL", prefix + std::to_string(article));
    std::cout << seen.found << " found in the cache, " << seen.fetched << " fetched and left there, " << seen.without
              << " fetched without it (" << before << " before Redis was silent for " << outage / 1ms << " ms), "
              << seen.wrong << " wrong\n";
    const bool good = good_before && missed && good_after && seen.wrong == 0;
    if (!good) std::cerr << "redis_cache: THE CACHE WAS NOT USED AS IT SHOULD, OR SAID SOMETHING WRONG\n";
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace

int main(int argc, char** argv) {
    if (const auto status = tell_usage(how_to_use, argc, argv)) return *status;
    try {
        return run(argc == 2 ? argv[1] : "");
    } catch (const std::exception& failure) {
        std::cerr << "redis_cache: " << failure.what() << '\n';
        return EXIT_FAILURE;
    }
}
