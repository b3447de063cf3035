// SPDX-License-Identifier: MIT
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "postgres/support.hpp"
#include "support/audit_outages.hpp"

using namespace postgres_test;

namespace {

/// A table, written to by a user of its own: where before an outage, and where after it, may be two servers.
struct audited_postgres {
    using worker = connection;
    using failure = error;

    server* before = &server::shared();
    server* after = before;
    std::string address = server::shared().connection_string();

    [[nodiscard]] auto& victim() const { return *before; }
    [[nodiscard]] connection outsider() const { return pooly::postgres::connect(after->connection_string()); }

    void open_books() const {
        pooly::postgres::connect(before->connection_string())
            .execute(
                "set client_min_messages = error; drop table if exists audit; create table audit(id bigint);"
                "drop role if exists audited; create role audited login; grant insert on audit to audited");
    }
    [[nodiscard]] factory connections() const {
        return factory{address + " user=audited",
                       {.connect_timeout = 1s, .health_timeout = 1s, .reply_timeout = 1s, .commit_timeout = 1s}};
    }
    static void write(connection& one, std::int64_t number) {
        one.execute("insert into audit values (" + std::to_string(number) + ")");
    }
    [[nodiscard]] static bool is_unknown(const error& told) { return told.sqlstate() == "08007"; }

    [[nodiscard]] static std::vector<std::int64_t> written(connection& outside) {
        return numbers_in(text(outside, "select string_agg(id::text, ' ') from audit"));
    }
    [[nodiscard]] static std::size_t connected(connection& outside) {
        return static_cast<std::size_t>(
            number(outside, "select count(*) from pg_stat_activity where usename = 'audited'"));
    }
    static void end_oldest(connection& outside) {
        end(outside, number(outside,
                            "select pid from pg_stat_activity where usename = 'audited' order by backend_start "
                            "limit 1"));
    }
    static void admit(connection& outside, std::size_t most) {
        outside.execute("alter role audited connection limit " + std::to_string(most));
    }
    static void admit_all(connection& outside) { outside.execute("alter role audited connection limit -1"); }
};

}  // namespace

TEST_CASE("PostgreSQL, audited: the server is killed in the middle of transactions, and comes back") {
    audit_outage<audited_postgres>("killed", outages::killed);
}

TEST_CASE("PostgreSQL, audited: its connections are ended one by one") {
    audit_outage<audited_postgres>("ended", outages::ended_one_by_one);
}

TEST_CASE("PostgreSQL, audited: the server hangs for longer than every timeout, and goes on") {
    audit_outage<audited_postgres>("frozen", outages::frozen);
}

TEST_CASE("PostgreSQL, audited: the server takes fewer connections than the pool wants, and then more") {
    audit_outage<audited_postgres>("crowded", outages::crowded);
}

TEST_CASE("PostgreSQL, audited: the primary is killed, its standby promoted, and the pool goes on there") {
    audit_often("failover", [] {
        server primary{{"synchronous_standby_names=*"}};  // what is acknowledged is on both
        server standby{primary};
        const auto both = [](auto one, auto other) { return one + ',' + other; };
        const auto port = [](const server& of) { return std::to_string(of.port()); };
        const auto address = "host=" + both(primary.directory(), standby.directory()) +
                             " port=" + both(port(primary), port(standby)) +
                             " dbname=postgres target_session_attrs=read-write";
        return audit{audited_postgres{&primary, &standby, address}}.run([&](auto& during) {
            primary.kill();
            CHECK(during.tries_to_connect(5));
            during.about_to_end();
            (void)text(pooly::postgres::connect(standby.connection_string()), "select pg_promote()");
        });
    });
}
