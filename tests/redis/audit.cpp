// SPDX-License-Identifier: MIT
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "redis/support.hpp"
#include "support/audit_outages.hpp"

using namespace redis_test;

namespace {

/// A list. The server says to an EXEC what it did once that is in its file (`appendonly yes`, `appendfsync always`), so
/// it is still there when the server is not. An EXEC stands there as a whole or not at all: of one that was cut off in
/// the middle of being written, a server that starts forgets the beginning.
struct audited_redis {
    using worker = connection;
    using failure = error;

    [[nodiscard]] auto& victim() const { return server::shared(); }
    [[nodiscard]] connection outsider() const { return redis_test::outsider(); }

    void open_books() const { outsider().command("DEL", "audit"); }
    [[nodiscard]] factory connections() const {
        return factory{victim().by_socket({.connect_timeout = 1s,
                                           .health_timeout = 1s,
                                           .reply_timeout = 1s,
                                           .exec_timeout = 1s,
                                           .command_timeout = 1s})};
    }
    static void write(connection& one, std::int64_t number) { one.command("RPUSH", "audit", std::to_string(number)); }
    [[nodiscard]] static bool is_unknown(const error& told) { return told.kind() == kind::outcome_unknown; }

    [[nodiscard]] static std::vector<std::int64_t> written(connection& outside) {
        const auto list = outside.command("LRANGE", "audit", "0", "-1");
        std::vector<std::int64_t> numbers;
        for (std::size_t each = 0; each < list->elements; ++each)
            numbers.push_back(std::stoll(list->element[each]->str));
        return numbers;
    }
    /// All but the one who asks.
    [[nodiscard]] static std::size_t connected(connection& outside) {
        return ids_of(text(outside.command("CLIENT", "LIST", "TYPE", "NORMAL"))).size() - 1;
    }
    static void end_oldest(connection& outside) {
        for (const auto id : ids_of(text(outside.command("CLIENT", "LIST", "TYPE", "NORMAL"))))
            if (id != id_of(outside)) return end(outside, id);
    }
    static void admit(connection& outside, std::size_t most) {
        outside.command("CONFIG", "SET", "maxclients", std::to_string(most + 1));  // and the one who asks
    }
    static void admit_all(connection& outside) { outside.command("CONFIG", "SET", "maxclients", "1000"); }

private:
    /// In the order in which they came.
    [[nodiscard]] static std::vector<long long> ids_of(const std::string& clients) {
        std::vector<long long> ids;
        for (std::size_t line = 0; line < clients.size(); line = clients.find('\n', line) + 1)
            ids.push_back(std::stoll(clients.substr(line + 3)));  // id=...
        return ids;
    }
};

}  // namespace

TEST_CASE("Redis, audited: the server is killed in the middle of transactions, and comes back") {
    audit_outage<audited_redis>("killed", outages::killed);
}

TEST_CASE("Redis, audited: its connections are ended one by one") {
    audit_outage<audited_redis>("ended", outages::ended_one_by_one);
}

TEST_CASE("Redis, audited: the server hangs for longer than every timeout, and goes on") {
    audit_outage<audited_redis>("frozen", outages::frozen);
}

TEST_CASE("Redis, audited: the server takes fewer connections than the pool wants, and then more") {
    audit_outage<audited_redis>("crowded", outages::crowded);
}
