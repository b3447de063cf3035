// SPDX-License-Identifier: MIT
#include <string>
#include <utility>

#include "postgres/support.hpp"

using namespace postgres_test;
using pooly::postgres::reset_mode;

namespace {

template <class Function>
[[nodiscard]] bool same_after(pool_of_one& one, Function&& make_dirty) {
    return pooly::test::same_after(one.db, backend_of, std::forward<Function>(make_dirty));
}

[[nodiscard]] PGTransactionStatusType standing(pool_of_one& one) {
    return PQtransactionStatus(one.db.checkout()->get());
}

}  // namespace

TEST_CASE("PostgreSQL: the next consumer finds no transaction of the last one") {
    const auto mode = GENERATE(reset_mode::discard_all, reset_mode::keep_prepared, reset_mode::rollback_only);
    pool_of_one one{{.reset = mode}};
    REQUIRE(same_after(one, [](connection& c) { c.execute("begin; insert into t values (1)"); }));
    REQUIRE(standing(one) == PQTRANS_IDLE);
    REQUIRE(one.rows() == 0);

    REQUIRE(same_after(one, [](connection& c) {  // aborted
        c.execute("begin; insert into t values (1)");
        REQUIRE(failure_in([&] { c.execute("select nonsense"); }).state == "42703");
        REQUIRE(PQtransactionStatus(c.get()) == PQTRANS_INERROR);
    }));
    REQUIRE(standing(one) == PQTRANS_IDLE);
    REQUIRE_NOTHROW(one.db.checkout()->execute("insert into t values (2)"));
    REQUIRE(one.rows() == 1);
}

TEST_CASE("PostgreSQL: the next consumer finds no session state of the last one") {
    const auto mode = GENERATE(reset_mode::discard_all, reset_mode::keep_prepared);
    pool_of_one one{{.reset = mode}};
    one.outside.execute(
        "drop sequence if exists s; create sequence s; drop role if exists r; create role r; grant r to pooly");
    REQUIRE(same_after(one, [](connection& c) {
        c.execute("set statement_timeout = 12345; set search_path = nowhere");
        c.execute("create temporary table mine(a int)");
        c.execute("declare open_cursor cursor with hold for select 1");
        c.execute("listen news");
        c.execute("select pg_advisory_lock(42)");
        c.execute("select nextval('public.s')");
        c.execute("set role r");
    }));
    const auto lease = one.db.checkout();
    CHECK(text(*lease, "show statement_timeout") == "0");
    CHECK(text(*lease, "show search_path") == "\"$user\", public");
    CHECK(text(*lease, "select to_regclass('mine') is null") == "t");
    CHECK(number(*lease, "select count(*) from pg_cursors") == 0);
    CHECK(number(*lease, "select count(*) from pg_listening_channels()") == 0);
    CHECK(number(one.outside, "select count(*) from pg_locks where locktype = 'advisory'") == 0);
    CHECK(failure_in([&] { lease->execute("select lastval()"); }).state == "55000");
    CHECK(text(*lease, "select current_user") == "pooly");
}

TEST_CASE("PostgreSQL: prepared statements stay only where they are wanted") {
    const auto count = [](reset_mode mode) {
        pool_of_one one{{.reset = mode}};
        REQUIRE(same_after(one, [](connection& c) { c.execute("prepare one as select 1"); }));
        return number(*one.db.checkout(), "select count(*) from pg_prepared_statements");
    };
    REQUIRE(count(reset_mode::discard_all) == 0);
    REQUIRE(count(reset_mode::keep_prepared) == 1);
    REQUIRE(count(reset_mode::rollback_only) == 1);
}

TEST_CASE("PostgreSQL: settings of the connection string outlive a reset") {
    db_pool db{factory{server::shared().connection_string("application_name=told options='-c statement_timeout=777'")},
               {.size = 1}};
    db.checkout()->execute("set statement_timeout = 1; set application_name = other");
    REQUIRE(text(*db.checkout(), "show statement_timeout") == "777ms");
    REQUIRE(text(*db.checkout(), "show application_name") == "told");
}

TEST_CASE("PostgreSQL: notifications that nobody read are not the next consumer's") {
    pool_of_one one;
    REQUIRE(same_after(one, [](connection& c) { c.execute("listen news; notify news, 'old'"); }));
    const auto lease = one.db.checkout();
    PQconsumeInput(lease->get());
    PGnotify* const stale = PQnotifies(lease->get());
    REQUIRE(stale == nullptr);
}

TEST_CASE("PostgreSQL: a consumer's notice handler is not called after he is gone") {
    pool_of_one one;
    const auto count = [](void* counted, const char*) { ++*static_cast<int*>(counted); };
    PQnoticeProcessor usual = nullptr;
    REQUIRE(same_after(one, [&](connection& c) {
        int notices = 0;  // gone before the next notice
        usual = PQsetNoticeProcessor(c.get(), count, &notices);
        c.execute("do $$ begin raise notice 'for me'; end $$");
        REQUIRE(notices == 1);
    }));
    const auto lease = one.db.checkout();
    REQUIRE(PQsetNoticeProcessor(lease->get(), nullptr, nullptr) == usual);
}

TEST_CASE("PostgreSQL: libpq's own modes are as before") {
    pool_of_one one;
    REQUIRE(same_after(one, [](connection& c) {
        PQsetnonblocking(c.get(), 1);
        PQsetErrorVerbosity(c.get(), PQERRORS_TERSE);
        REQUIRE(PQenterPipelineMode(c.get()) == 1);
    }));
    const auto lease = one.db.checkout();
    REQUIRE(PQisnonblocking(lease->get()) == 0);
    REQUIRE(PQsetErrorVerbosity(lease->get(), PQERRORS_DEFAULT) == PQERRORS_DEFAULT);
    REQUIRE(number(*lease, "select 1") == 1);
}

TEST_CASE("PostgreSQL: a connection in the middle of something is replaced") {
    pool_of_one one;
    SECTION("a result that is read row by row") {
        REQUIRE(!same_after(one, [](connection& c) {
            REQUIRE(PQsendQuery(c.get(), "select generate_series(1, 100000)") == 1);
            REQUIRE(PQsetSingleRowMode(c.get()) == 1);
            PQclear(PQgetResult(c.get()));
        }));
    }
    SECTION("a statement that nobody waited for") {
        REQUIRE(!same_after(one, [](connection& c) { PQsendQuery(c.get(), "select pg_sleep(0.01)"); }));
    }
    SECTION("COPY to the server") {
        REQUIRE(!same_after(one, [](connection& c) {
            PQclear(PQexec(c.get(), "copy t from stdin"));
            REQUIRE(PQputCopyData(c.get(), "1\n", 2) == 1);
        }));
        REQUIRE(one.rows() == 0);
    }
    SECTION("COPY from the server") {
        REQUIRE(!same_after(one, [](connection& c) {
            PQclear(PQexec(c.get(), "copy (select generate_series(1, 100000)) to stdout"));
        }));
    }
    SECTION("a pipeline") {
        REQUIRE(!same_after(one, [](connection& c) {
            REQUIRE(PQenterPipelineMode(c.get()) == 1);
            REQUIRE(PQsendQueryParams(c.get(), "select 1", 0, nullptr, nullptr, nullptr, nullptr, 0) == 1);
        }));
    }
    REQUIRE(one.db.stats().reset_failures == 1);
    REQUIRE(number(*one.db.checkout(), "select 1") == 1);
}

TEST_CASE("PostgreSQL: behind a bouncer nothing is sent to clean a clean connection") {
    const auto how = pooly::postgres::behind_pgbouncer({.access = pooly::postgres::access_mode::read_only});
    REQUIRE(how.reset == reset_mode::rollback_only);
    REQUIRE(how.access == pooly::postgres::access_mode::read_only);
    pool_of_one one{how};
    const std::string last = "select query from pg_stat_activity where pid = ";
    const int backend = backend_of(*one.db.checkout());
    one.db.checkout()->execute("select 'the last'");
    REQUIRE(text(one.outside, last + std::to_string(backend)) == "select 'the last'");
    one.db.checkout()->execute("begin; select 'the last'");
    REQUIRE(text(one.outside, last + std::to_string(backend)) == "rollback");
}
