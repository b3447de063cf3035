// SPDX-License-Identifier: MIT
#include <pooly/stream_observer.hpp>

#include <chrono>
#include <cstdint>
#include <iomanip>
#include <ios>
#include <map>
#include <memory>
#include <ostream>
#include <sstream>
#include <streambuf>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"

using namespace std::chrono_literals;
using pooly::pool_event;
using pooly::stream_observer;

namespace {

pool_event restarted(const std::string& pool, std::uint64_t number, std::chrono::system_clock::time_point at = {}) {
    return {std::make_shared<const std::string>(pool), number, at, pooly::events::restarted{number}};
}

/// Remembers how much had been written each time it was flushed.
struct flushed_buffer : std::stringbuf {
    int sync() override {
        flushed.push_back(str());
        return 0;
    }
    std::vector<std::string> flushed;
};

}  // namespace

TEST_CASE("each event is a line with the time in UTC, its number, and its text") {
    std::ostringstream out;
    stream_observer log{out};
    log.notify(restarted("db", 12, std::chrono::sys_days{2024y / 2 / 29} + 23h + 59min + 59s + 999ms));
    log.notify(restarted("files", 1));
    CHECK(out.str() ==
          "2024-02-29T23:59:59.999Z #12 pool 'db': restarted as generation 12\n"
          "1970-01-01T00:00:00.000Z #1 pool 'files': restarted as generation 1\n");
}

TEST_CASE("each line is flushed") {
    flushed_buffer buffer;
    std::ostream out{&buffer};
    stream_observer log{out};
    log.notify(restarted("a", 1));
    log.notify(restarted("a", 2));
    REQUIRE(buffer.flushed.size() == 2);
    CHECK(buffer.flushed[0] == "1970-01-01T00:00:00.000Z #1 pool 'a': restarted as generation 1\n");
    CHECK(buffer.flushed[1] == buffer.str());
}

TEST_CASE("how the stream was told to write numbers and fields changes nothing") {
    std::ostringstream out;
    out << std::hex << std::showbase << std::setfill('*') << std::setw(200);
    stream_observer{out}.notify(restarted("a", 31));
    CHECK(out.str() == "1970-01-01T00:00:00.000Z #31 pool 'a': restarted as generation 31\n");
}

TEST_CASE("a stream that is broken and was told to throw does so, to be counted by the pool; any other is silent") {
    std::ostringstream out;
    stream_observer log{out};
    out.setstate(std::ios::badbit);
    CHECK_NOTHROW(log.notify(restarted("a", 1)));
    out.clear();
    out.exceptions(std::ios::badbit);
    struct full_disk : std::streambuf {
    } disk;
    out.std::ios::rdbuf(&disk);
    CHECK_THROWS_AS(log.notify(restarted("a", 1)), std::ios::failure);
}

TEST_CASE("one observer serves many pools: whole lines, and each pool's in order") {
    constexpr std::uint64_t events = 500;
    std::ostringstream out;
    stream_observer log{out};
    std::vector<std::thread> pools;
    for (const auto* name : {"a", "b", "c", "d"})
        pools.emplace_back([&log, name] {
            for (std::uint64_t i = 1; i <= events; ++i) log.notify(restarted(name, i));
        });
    for (auto& one : pools) one.join();
    std::map<std::string, std::uint64_t> last;
    std::istringstream lines{out.str()};
    for (std::string line; std::getline(lines, line);) {
        const auto name = line.substr(line.find('\'') + 1, 1);
        const auto number = std::to_string(++last[name]);
        REQUIRE(line ==
                "1970-01-01T00:00:00.000Z #" + number + " pool '" + name + "': restarted as generation " + number);
    }
    CHECK(last == std::map<std::string, std::uint64_t>{{"a", events}, {"b", events}, {"c", events}, {"d", events}});
}
