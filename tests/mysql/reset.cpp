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

TEST_CASE("MariaDB: a database that the server did not tell the client of is left, too") {
    const std::string untold = "set session_track_schema = off";
    pool_of_one one{{.setup = GENERATE_COPY(std::string{}, untold)}};
    const auto choose = [&](connection& c) {
        c.execute(untold);
        c.execute("use other");
        REQUIRE(c.get()->db == std::string{"app"});
    };
    REQUIRE(one.same_after(choose));
    REQUIRE(text(*one.db.checkout(), "select database()") == "app");

    auto nowhere = server::shared().by_socket();
    nowhere.database.clear();
    db_pool db{factory{nowhere}, as_one({})};
    REQUIRE(pooly::test::same_after(db, id_of, [](connection&) {}));
    REQUIRE(!pooly::test::same_after(db, id_of, [&](connection& c) { c.execute(untold), c.execute("use other"); }));
    REQUIRE(text(*db.checkout(), "select database() is null") == "1");
}

TEST_CASE("MariaDB: a consumer who stayed in the database costs no return to it, whatever he reads it in") {
    auto outside = outsider();
    outside.execute("create or replace database `größe`");
    auto how = server::shared().by_socket();
    how.database = "größe";
    db_pool db{factory{how}, as_one({})};
    const auto choices = [&] {
        return number(outside,
                      "select variable_value from information_schema.global_status "
                      "where variable_name = 'com_change_db'");
    };
    const auto before = choices();
    const auto* const wish = GENERATE("set names latin1", "set character_set_results = utf16", "set sql_mode = oracle");
    REQUIRE(pooly::test::same_after(db, id_of, [&](connection& c) { c.execute(wish); }));
    REQUIRE(choices() == before);
    outside.execute("drop database `größe`");
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

TEST_CASE("MariaDB: a reset that fails in the setup statement says so") {
    outsider().execute("drop table if exists set_up_once");
    auto worker = pooly::mysql::connect(server::shared().by_socket({.setup = "create table set_up_once(a int)"}));
    const auto failed = failure_in([&] { pooly::worker_traits<connection>::reset(worker); });
    REQUIRE(failed.code == 1050);
    REQUIRE(failed.message == "in setup: Table 'set_up_once' already exists");
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
    {
        auto lease = one.db.checkout();
        REQUIRE_THROWS_AS(lease->execute(load), error);
        REQUIRE(mine.opened == 1);
    }
    REQUIRE(!one.same_after([&](connection& c) {
        mysql_set_local_infile_handler(c.get(), open, read, close, tell, nullptr);
        REQUIRE(mysql_send_query(c.get(), load.data(), load.size()) == 0);
    }));
    REQUIRE(mine.opened == 1);
    db_pool guarded{factory{server::shared().by_socket({.prepare =
                                                            [=](MYSQL* handle) {
                                                                const unsigned on = 1;
                                                                mysql_options(handle, MYSQL_OPT_LOCAL_INFILE, &on);
                                                                mysql_set_local_infile_handler(handle, open, read,
                                                                                               close, tell, nullptr);
                                                            }})},
                    as_one({})};
    guarded.checkout()->execute(load);
    REQUIRE(mine.opened == 2);
    guarded.checkout()->execute(load);  // and not by the client's own
    REQUIRE(mine.opened == 3);
    REQUIRE(guarded.stats().created == 1);
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
    SECTION("one with many rows") {
        const auto most_memory = [] {  // that this process ever had, in kB
            std::string line;
            for (std::ifstream status{"/proc/self/status"}; !line.starts_with("VmHWM:");)
                REQUIRE(std::getline(status, line));
            return std::stol(line.substr(line.find(':') + 1));
        };
        const auto before = most_memory();
        const std::string sql = "select repeat('x', 1000) from seq_1_to_500000";
        REQUIRE(
            !one.same_after([&](connection& c) { REQUIRE(mysql_send_query(c.get(), sql.data(), sql.size()) == 0); }));
        REQUIRE(most_memory() - before < 100'000);
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
    SECTION("the second of two, in what sees that") {
        if (mode == reset_mode::rollback_only) return;
        REQUIRE(!one.same_after([](connection& c) {
            const std::string lasts = "do sleep(0.05)";
            REQUIRE(mysql_send_query(c.get(), "do 1", 4) == 0);
            REQUIRE(mysql_send_query(c.get(), lasts.data(), lasts.size()) == 0);
            REQUIRE(mysql_read_query_result(c.get()) == 0);
        }));
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

TEST_CASE("MariaDB: a connection that has prepared a transaction of two phases is replaced") {
    const auto mode = GENERATE(reset_mode::reset_connection, reset_mode::rollback_only);
    pool_of_one one{{.reset = mode}};
    one.outside.execute("create or replace table two_phases(a int primary key) engine = innodb");
    REQUIRE(!one.same_after([](connection& c) {
        for (const auto* const each :
             {"xa start 'two'", "insert into two_phases values (1)", "xa end 'two'", "xa prepare 'two'"})
            c.execute(each);
    }));
    REQUIRE(number(*one.db.checkout(), "select count(*) from two_phases") == 0);
    const auto end = [&] { return failure_in([&] { one.outside.execute("xa rollback 'two'"); }).code; };
    while (end() == 1397) std::this_thread::yield();  // until the server has noticed that it is nobody's
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
    const std::string by = GENERATE("the consumer", "prepare", "a file");
    options how;
    if (by == "prepare") how.prepare = reconnect;
    if (by == "a file") how.prepare = option_file{"reconnect=1"};
    pool_of_one one{how};
    if (by == "the consumer") REQUIRE(one.same_after([&](connection& c) { reconnect(c.get()); }));
    const auto lease = one.db.checkout();
    end(one.outside, id_of(*lease));
    REQUIRE(failure_in([&] { lease->execute("select 1"); }).code != 0);
}

TEST_CASE("MariaDB: a session that the client has replaced is not handed on") {
    const auto mode = GENERATE(reset_mode::reset_connection, reset_mode::rollback_only);
    pool_of_one one{{.setup = "set @here = 1", .reset = mode}};
    REQUIRE(!one.same_after([&](connection& c) {
        const my_bool on = 1;
        mysql_options(c.get(), MYSQL_OPT_RECONNECT, &on);
        end(one.outside, id_of(c));
        REQUIRE(mysql_ping(c.get()) == 0);
    }));
    REQUIRE(text(*one.db.checkout(), "select @here") == "1");
    REQUIRE(one.db.stats().reset_failures == 1);
}

TEST_CASE("MariaDB: the next consumer is in the database that a file or the setup statement has chosen") {
    options how{.unix_path = server::shared().by_socket().unix_path, .user = "root"};
    if (GENERATE(true, false))
        how.prepare = option_file{"database=app"};
    else
        how.setup = "use app";
    db_pool db{factory{how}, as_one({})};
    for (const auto* const wish : {"select 1", "use other", "select 1"}) {
        const auto lease = db.checkout();
        REQUIRE(text(*lease, "select database()") == "app");
        lease->execute(wish);
    }
    REQUIRE(text(*db.checkout(), "select database()") == "app");
    REQUIRE(db.stats().created == 1);
}

TEST_CASE("MariaDB: the collation that the setup statement has chosen outlives what a consumer speaks") {
    pool_of_one one{{.setup = "set collation_connection = utf8mb4_bin"}};
    REQUIRE(mysql_set_character_set(one.db.checkout()->get(), "latin1") == 0);
    REQUIRE(text(*one.db.checkout(), "select @@collation_connection") == "utf8mb4_bin");
    REQUIRE(one.db.stats().created == 1);
}

TEST_CASE("MariaDB: the next consumer has the role that his user has by default, if any") {
    pool_of_one one;
    for (const auto* const each : {"create or replace role boss", "create or replace role `of `` all`",
                                   "create or replace user clerk identified by ''", "grant all on app.* to clerk",
                                   "grant boss to clerk", "grant `of `` all` to clerk"})
        one.outside.execute(each);
    const bool by_default = GENERATE(false, true);
    if (by_default) one.outside.execute("set default role `of `` all` for clerk");
    db_pool db{factory{server::shared().by_socket({.user = "clerk"})}, as_one({})};
    const auto role = [&] { return text(*db.checkout(), "select ifnull(current_role(), 'none')"); };
    const auto first = role();
    REQUIRE(first == (by_default ? "of ` all" : "none"));
    db.checkout()->execute("set role boss");
    REQUIRE(role() == first);
    REQUIRE(db.stats().created == 1);
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
