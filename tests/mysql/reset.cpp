// SPDX-License-Identifier: MIT
#include <cstddef>
#include <string>
#include <thread>

#include "mysql/support.hpp"

using namespace mysql_test;
using pooly::mysql::reset_mode;

TEST_CASE("MariaDB: the next consumer finds no transaction of the last one") {
    const auto mode = GENERATE(reset_mode::reset_connection, reset_mode::rollback_only);
    pool_of_one one{{.reset = mode}};
    REQUIRE(one.same_after(
        [](connection& c) { c.execute("start transaction"), c.execute("insert into t values (1, 1)"); }));
    REQUIRE(one.rows() == 0);
    REQUIRE_NOTHROW(one.db.transaction([](connection& c) { c.execute("insert into t values (2, 2)"); }));
    REQUIRE(one.rows() == 1);

    REQUIRE(one.same_after([](connection& c) {  // whose last statement failed
        c.execute("start transaction");
        c.execute("insert into t values (3, 3)");
        REQUIRE(failure_in([&] { c.execute("insert into t values (3, 3)"); }).code == 1062);
    }));
    REQUIRE(number(*one.db.checkout(), "select @@in_transaction") == 0);
    REQUIRE(one.rows() == 1);
}

TEST_CASE("MariaDB: the next consumer's statements are committed one by one, as the server does by default") {
    const auto mode = GENERATE(reset_mode::reset_connection, reset_mode::rollback_only);
    pool_of_one one{{.reset = mode}};
    REQUIRE(one.same_after([](connection& c) {
        c.execute("set autocommit = 0");
        c.execute("insert into t values (1, 1)");
    }));
    REQUIRE(one.rows() == 0);
    one.db.checkout()->execute("insert into t values (2, 2)");
    REQUIRE(one.rows() == 1);
}

TEST_CASE("MariaDB: the next consumer finds no session state of the last one") {
    pool_of_one one;
    REQUIRE(one.same_after([](connection& c) {
        c.execute("set @mine = 1");
        c.execute("set session sql_mode = ''");
        c.execute("set session transaction isolation level serializable");
        c.execute("create temporary table mine(a int)");
        c.execute("prepare mine from 'select 1'");
        c.execute("select get_lock('mine', 0)");
        c.execute("lock tables t write");
        c.execute("set session transaction read only");
    }));
    const auto lease = one.db.checkout();
    CHECK(text(*lease, "select @mine is null") == "1");
    CHECK(text(*lease, "select @@sql_mode = @@global.sql_mode") == "1");
    CHECK(text(*lease, "select @@tx_isolation") == "REPEATABLE-READ");
    CHECK(text(*lease, "select @@tx_read_only") == "0");
    CHECK(failure_in([&] { lease->execute("select * from mine"); }).code == 1146);
    CHECK(failure_in([&] { lease->execute("execute mine"); }).code == 1243);
    CHECK(text(one.outside, "select is_free_lock('mine')") == "1");
    CHECK_NOTHROW(one.outside.execute("insert into t values (1, 1)"));
}

TEST_CASE("MariaDB: a consumer who closed his prepared statement leaves a good connection") {
    const auto mode = GENERATE(reset_mode::reset_connection, reset_mode::rollback_only);
    pool_of_one one{{.reset = mode}};
    REQUIRE(one.same_after([](connection& c) {
        MYSQL_STMT* const statement = mysql_stmt_init(c.get());
        const std::string sql = "select 1";
        REQUIRE(mysql_stmt_prepare(statement, sql.data(), sql.size()) == 0);
        REQUIRE(mysql_stmt_close(statement) == 0);  // which the server does not answer
    }));
}

TEST_CASE("MariaDB: prepared statements of the client's are of no use to the next consumer, and no harm") {
    pool_of_one one;
    MYSQL_STMT* left = nullptr;
    REQUIRE(one.same_after([&](connection& c) {
        left = mysql_stmt_init(c.get());
        const std::string sql = "select 1";
        REQUIRE(mysql_stmt_prepare(left, sql.data(), sql.size()) == 0);
    }));
    REQUIRE(mysql_stmt_execute(left) != 0);
    mysql_stmt_close(left);
    REQUIRE(number(*one.db.checkout(), "select 1") == 1);
}

TEST_CASE("MariaDB: the next consumer is in the database of the options") {
    const auto mode = GENERATE(reset_mode::reset_connection, reset_mode::rollback_only);
    pool_of_one one{{.reset = mode}};
    REQUIRE(one.same_after([](connection& c) { c.execute("use other"); }));
    REQUIRE(text(*one.db.checkout(), "select database()") == "app");
    REQUIRE(one.same_after([](connection& c) { REQUIRE(mysql_select_db(c.get(), "other") == 0); }));
    REQUIRE(text(*one.db.checkout(), "select database()") == "app");

    auto nowhere = server::shared().by_socket();
    nowhere.database.clear();
    db_pool db{factory{nowhere}, as_one({})};
    const auto id = id_of(*db.checkout());
    REQUIRE(id_of(*db.checkout()) == id);
    db.checkout()->execute("use other");  // which can not be left but by a new connection
    REQUIRE(id_of(*db.checkout()) != id);
    REQUIRE(text(*db.checkout(), "select database() is null") == "1");
}

TEST_CASE("MariaDB: server and client speak the character set of the options again") {
    pool_of_one one;
    const auto spoken = [&] {
        const auto lease = one.db.checkout();
        return text(*lease, "select concat(@@character_set_client, @@character_set_results, @@collation_connection)") +
               mysql_character_set_name(lease->get());
    };
    const auto before = spoken();
    REQUIRE_THAT(before, Catch::Matchers::StartsWith("utf8mb4utf8mb4"));
    REQUIRE(one.same_after([](connection& c) { REQUIRE(mysql_set_character_set(c.get(), "latin1") == 0); }));
    REQUIRE(spoken() == before);
    REQUIRE(one.same_after([](connection& c) { c.execute("set names sjis"); }));
    REQUIRE(spoken() == before);
    pool_of_one other{{.character_set = "latin1"}};
    REQUIRE(text(*other.db.checkout(), "select @@character_set_client") == "latin1");
}

TEST_CASE("MariaDB: what the setup statement sets outlives a reset") {
    pool_of_one one{{.setup = "set session sql_mode = 'ANSI', max_statement_time = 7"}};
    REQUIRE(text(*one.db.checkout(), "select @@max_statement_time") == "7.000000");
    REQUIRE(one.same_after([](connection& c) { c.execute("set session max_statement_time = 1"); }));
    REQUIRE(text(*one.db.checkout(), "select @@max_statement_time") == "7.000000");
    REQUIRE(text(*one.db.checkout(), "select \"t\".\"a\" from \"t\"").empty());
}

TEST_CASE("MariaDB: a consumer's file reader is not called after he is gone") {
    pool_of_one one{{.prepare = [](MYSQL* handle) {
        const unsigned on = 1;
        mysql_options(handle, MYSQL_OPT_LOCAL_INFILE, &on);
    }}};
    struct reader {
        int opened = 0;
    };
    static reader mine;
    mine = {};
    constexpr auto open = [](void** state, const char*, void*) {
        *state = nullptr;
        ++mine.opened;
        return 0;
    };
    constexpr auto read = [](void*, char*, unsigned) { return 0; };
    constexpr auto close = [](void*) {};
    constexpr auto tell = [](void*, char*, unsigned) { return 0; };
    const std::string load = "load data local infile '/nonexistent' into table t";
    REQUIRE(one.same_after([&](connection& c) {
        mysql_set_local_infile_handler(c.get(), open, read, close, tell, nullptr);
        c.execute(load);
        REQUIRE(mine.opened == 1);
    }));
    auto lease = one.db.checkout();
    REQUIRE_THROWS_AS(lease->execute(load), error);
    REQUIRE(mine.opened == 1);
}

TEST_CASE("MariaDB: a connection in the middle of something is replaced") {
    const auto mode = GENERATE(reset_mode::reset_connection, reset_mode::rollback_only);
    pool_of_one one{{.client_flags = CLIENT_MULTI_STATEMENTS, .reset = mode}};
    SECTION("a result that is read row by row") {
        REQUIRE(!one.same_after([](connection& c) {
            REQUIRE(mysql_query(c.get(), "select seq from seq_1_to_100000") == 0);
            MYSQL_RES* const rows = mysql_use_result(c.get());
            REQUIRE(mysql_fetch_row(rows) != nullptr);
            // Freed before the connection is, as it must be, but not read to its end: shut down, or that would wait.
            ::shutdown(mysql_get_socket(c.get()), SHUT_RDWR);
            mysql_free_result(rows);
        }));
    }
    SECTION("a result that nobody fetched") {
        REQUIRE(!one.same_after([](connection& c) { REQUIRE(mysql_query(c.get(), "select 1") == 0); }));
    }
    SECTION("the second of two results") {
        REQUIRE(!one.same_after([](connection& c) {
            REQUIRE(mysql_query(c.get(), "select 1; select 2") == 0);
            mysql_free_result(mysql_store_result(c.get()));
        }));
    }
    SECTION("a statement that nobody waited for") {
        REQUIRE(!one.same_after([](connection& c) { REQUIRE(mysql_send_query(c.get(), "do 1", 4) == 0); }));
    }
    SECTION("one whose answer may look like that to a question of ours") {
        const auto number = std::to_string(GENERATE(0, 1, 2, 3));
        REQUIRE(!one.same_after([&](connection& c) {
            const auto sql = "select " + number;
            REQUIRE(mysql_send_query(c.get(), sql.data(), sql.size()) == 0);
        }));
    }
    SECTION("a statement of several packets that nobody waited for") {
        one.outside.execute("set global max_allowed_packet = 32 << 20");
        one.db.restart();
        REQUIRE(!one.same_after([](connection& c) {
            const auto sql = "select '" + std::string(std::size_t{17} << 20U, 'x') + '\'';
            REQUIRE(mysql_send_query(c.get(), sql.data(), sql.size()) == 0);
        }));
        one.outside.execute("set global max_allowed_packet = default");
    }
    SECTION("the result of a prepared statement") {
        MYSQL_STMT* statement = nullptr;
        REQUIRE(!one.same_after([&](connection& c) {
            statement = mysql_stmt_init(c.get());
            const std::string sql = "select seq from seq_1_to_100000";
            REQUIRE(mysql_stmt_prepare(statement, sql.data(), sql.size()) == 0);
            REQUIRE(mysql_stmt_execute(statement) == 0);
        }));
        mysql_stmt_close(statement);
    }
    REQUIRE(one.db.stats().reset_failures == 1);
    REQUIRE(number(*one.db.checkout(), "select 1") == 1);
}

TEST_CASE("MariaDB: a connection that was given to another user is replaced") {
    pool_of_one one;
    one.outside.execute("create or replace user visitor identified by 'please'");
    one.outside.execute("grant all on app.* to visitor");
    REQUIRE(
        !one.same_after([](connection& c) { REQUIRE(mysql_change_user(c.get(), "visitor", "please", "app") == 0); }));
    one.outside.execute("drop user visitor");
}

TEST_CASE("MariaDB: a session that is lost is not replaced in silence, whatever the last consumer wanted") {
    const auto reconnect = [](MYSQL* handle) {
        const my_bool on = 1;
        mysql_options(handle, MYSQL_OPT_RECONNECT, &on);
    };
    const bool by_consumer = GENERATE(true, false);
    options how;
    if (!by_consumer) how.prepare = reconnect;
    pool_of_one one{how};
    if (by_consumer) REQUIRE(one.same_after([&](connection& c) { reconnect(c.get()); }));
    const auto lease = one.db.checkout();
    one.outside.execute("kill " + std::to_string(mysql_thread_id(lease->get())));
    while (number(one.outside, "select count(*) from information_schema.processlist where id = " +
                                   std::to_string(mysql_thread_id(lease->get()))) != 0)
        std::this_thread::yield();
    REQUIRE(failure_in([&] { lease->execute("select 1"); }).code != 0);
}

TEST_CASE("MariaDB: where nothing is to be cleaned nothing is sent") {
    pool_of_one one{{.reset = reset_mode::rollback_only}};
    const auto questions = [&] {
        return number(*one.db.checkout(),
                      "select variable_value from information_schema.session_status where variable_name = 'questions'");
    };
    const int before = questions();
    one.db.checkout()->execute("select 1");
    REQUIRE(questions() == before + 2);
}
