// SPDX-License-Identifier: MIT
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "mysql/support.hpp"
#include "support/audit_outages.hpp"

using namespace mysql_test;

namespace {

/// A table, written to by a user of its own.
struct audited_mariadb {
    using worker = connection;
    using failure = error;

    [[nodiscard]] auto& victim() const { return server::shared(); }
    [[nodiscard]] connection outsider() const { return mysql_test::outsider(); }

    void open_books() const {
        auto outside = outsider();
        outside.execute("create or replace table audit(id bigint) engine = innodb");
        outside.execute("create or replace user audited identified by ''");
        outside.execute("grant insert on app.audit to audited");
    }
    [[nodiscard]] factory connections() const {
        return factory{victim().by_socket({.user = "audited",
                                           .connect_timeout = 1s,
                                           .health_timeout = 1s,
                                           .reply_timeout = 1s,
                                           .commit_timeout = 1s,
                                           .read_timeout = 1s,
                                           .write_timeout = 1s})};
    }
    static void write(connection& one, std::int64_t number) {
        one.execute("insert into audit values (" + std::to_string(number) + ")");
    }
    [[nodiscard]] static bool is_unknown(const error& told) {
        return told.sqlstate() == pooly::mysql::sqlstate::outcome_unknown;
    }

    [[nodiscard]] static std::vector<std::int64_t> written(connection& outside) {
        return numbers_in(text(outside, "select group_concat(id separator ' ') from audit"));
    }
    [[nodiscard]] static std::size_t connected(connection& outside) {
        return static_cast<std::size_t>(
            number(outside, "select count(*) from information_schema.processlist where user = 'audited'"));
    }
    static void end_oldest(connection& outside) {
        const auto oldest =
            number(outside, "select min(id) from information_schema.processlist where user = 'audited'");
        end(outside, static_cast<unsigned long>(oldest));
    }
    /// The least that the server can be told is 10, so others take the rest. (Its `max_user_connections` would not do:
    /// it no longer counts a session that was reset.)
    void admit(connection& outside, std::size_t most) {
        while (others.size() < 9 - most) others.push_back(outsider());
        outside.execute("set global max_connections = 10");
    }
    void admit_all(connection& outside) {
        outside.execute("set global max_connections = 50");
        others.clear();
    }

    std::vector<connection> others = {};
};

}  // namespace

TEST_CASE("MariaDB, audited: the server is killed in the middle of transactions, and comes back") {
    audit_outage<audited_mariadb>("killed", outages::killed);
}

TEST_CASE("MariaDB, audited: its connections are ended one by one") {
    audit_outage<audited_mariadb>("ended", outages::ended_one_by_one);
}

TEST_CASE("MariaDB, audited: the server hangs for longer than every timeout, and goes on") {
    audit_outage<audited_mariadb>("frozen", outages::frozen);
}

TEST_CASE("MariaDB, audited: the server takes fewer connections than the pool wants, and then more") {
    audit_outage<audited_mariadb>("crowded", outages::crowded);
}
