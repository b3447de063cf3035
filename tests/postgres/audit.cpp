// SPDX-License-Identifier: MIT
// Outages while many write, and the books afterwards: what was acknowledged is there, what was not is not.
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <mutex>
#include <set>
#include <sstream>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "postgres/support.hpp"

using namespace postgres_test;
using pooly::errc;

namespace {

constexpr std::size_t writers = 8;
constexpr std::size_t places = 4;
constexpr auto patience = 1s;           // of a consumer
constexpr auto soon = 1s;               // of each call to the server
constexpr auto probe_interval = 100ms;  // at most
constexpr auto least_pause = 20ms;      // between two attempts to connect in an outage
constexpr auto busy_machine = 10s;      // what may come on top of any time, once
constexpr std::size_t max_connecting = 2;

constexpr const char* count_ours = "select count(*) from pg_stat_activity where application_name = 'audited'";
constexpr const char* end_all_of_ours =
    "select count(pg_terminate_backend(pid, 10000)) from pg_stat_activity where application_name = 'audited'";
constexpr const char* end_our_oldest =
    "select pg_terminate_backend(pid, 10000) from pg_stat_activity where application_name = 'audited' "
    "order by backend_start limit 1";

/// How many connections of the pool a server knows of; none if it has no place left to ask.
[[nodiscard]] std::size_t ours(const server& asked) {
    try {
        return static_cast<std::size_t>(number(pooly::postgres::connect(asked.connection_string()), count_ours));
    } catch (const error&) {
        return 0;
    }
}

[[nodiscard]] int runs() {
    const char* const wanted = std::getenv("POOLY_OUTAGE_RUNS");
    return wanted != nullptr ? std::max(1, std::atoi(wanted)) : 1;
}

/// What became of each number that a writer tried to write.
struct books {
    std::mutex mutex;
    std::set<std::int64_t> acknowledged, unknown, failed;
    std::atomic<std::int64_t> next{0};
    std::atomic<std::size_t> in_the_middle{0};  // of a transaction
    std::atomic<std::size_t> turned_away{0};    // without a connection
    std::atomic<std::size_t> odd{0};            // answers that cannot be
    std::atomic<std::int64_t> longest_wait_us{0};

    void enter(std::set<std::int64_t>& column, std::int64_t number) {
        const std::lock_guard guard{mutex};
        column.insert(number);
    }
    [[nodiscard]] std::size_t written() {
        const std::lock_guard guard{mutex};
        return acknowledged.size();
    }
};

/// The factory, and how often it was called.
struct counted_factory {
    factory inner;
    std::atomic<std::size_t>* attempts;
    std::atomic<std::size_t>* failures;
    [[nodiscard]] connection operator()(const pooly::create_context& context) const {
        ++*attempts;
        try {
            return inner(context);
        } catch (...) {
            ++*failures;
            throw;
        }
    }
};

/// Writes one number after the other, each in a transaction of its own.
void write_until(const std::atomic<bool>& over, db_pool& db, books& all) {
    while (!over) {
        const auto number = ++all.next;
        const auto asked = std::chrono::steady_clock::now();
        const auto note_wait = [&] {
            const auto took = std::chrono::steady_clock::now() - asked;
            const auto us = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
            auto seen = all.longest_wait_us.load();
            while (us > seen && !all.longest_wait_us.compare_exchange_weak(seen, us)) continue;
        };
        bool in_the_middle = false;
        try {
            auto open = db.begin();
            note_wait();
            ++all.in_the_middle;
            in_the_middle = true;
            open->execute("insert into audit values (" + std::to_string(number) + ")");
            open.commit();
            all.enter(all.acknowledged, number);
        } catch (const error& told) {  // by the server, or by libpq
            if (!in_the_middle) note_wait();
            all.enter(told.sqlstate() == "08007" ? all.unknown : all.failed, number);
        } catch (const pooly::pool_error& refused) {
            note_wait();
            const auto code = refused.code();
            if (code != errc::timeout && code != errc::backend_unavailable && code != errc::create_failed) ++all.odd;
            ++all.turned_away;
            all.enter(all.failed, number);
            std::this_thread::sleep_for(1ms);  // the pace of a client; without one they starve the server
        }
        if (in_the_middle) --all.in_the_middle;
    }
}

/// Returns when it is so; a machine that never gets there fails the test.
template <class Condition>
[[nodiscard]] bool eventually(Condition&& condition) {
    const auto deadline = std::chrono::steady_clock::now() + busy_machine;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::yield();
    }
    return true;
}

/// An outage: what ends it is called by `come_back`.
struct outage {
    const char* name;
    bool refuses_all;  // nobody can connect meanwhile
    std::function<void(books&, const std::function<void()>& look, const db_pool&)> run;
    server* before = &server::shared();  // where the writers write before it,
    server* after = &server::shared();   // and after
    std::string address = server::shared().connection_string();
};

/// One run: writers at full speed, the outage, writers at full speed again; then the books are compared.
void audit(const outage& kind) {
    pooly::postgres::connect(kind.before->connection_string())
        .execute(
            "set client_min_messages = error; drop table if exists audit; create table audit(id bigint);"
            "drop role if exists audited; create role audited login; grant insert on audit to audited");
    books all;
    std::atomic<std::size_t> attempts{0}, failures{0};
    std::size_t attempts_before = 0, attempts_meanwhile = 0, failures_then = 0;
    std::chrono::steady_clock::duration lasted{}, recovery{};
    {
        const options quick{
            .connect_timeout = soon, .health_timeout = soon, .reply_timeout = soon, .commit_timeout = soon};
        db_pool db{counted_factory{factory{kind.address + " user=audited application_name=audited", quick}, &attempts,
                                   &failures},
                   {.name = "db",
                    .size = places,
                    .checkout_timeout = patience,
                    .check_after_idle = 0ns,
                    .max_restarts = pooly::pool_options::unlimited,
                    .max_connecting = max_connecting,
                    .backoff_base = least_pause,
                    .backoff_cap = probe_interval}};
        std::atomic<bool> over{false};
        std::vector<std::thread> threads;
        for (std::size_t i = 0; i < writers; ++i) threads.emplace_back([&] { write_until(over, db, all); });
        const auto stop_at_the_end = [&] {
            over = true;
            for (auto& one : threads) one.join();
        };
        const bool began = eventually([&] { return all.written() >= 100 && all.in_the_middle > 0; });
        const auto start = std::chrono::steady_clock::now();
        attempts_before = attempts;
        kind.run(
            all,
            [&] {  // just before it ends
                lasted = std::chrono::steady_clock::now() - start;
                attempts_meanwhile = attempts - attempts_before;
            },
            db);
        const auto back = std::chrono::steady_clock::now();
        failures_then = failures;
        const bool recovered = eventually([&] {
            const auto seen = db.status();
            return seen.idle + seen.in_use == places && !seen.backend_down;
        });
        recovery = std::chrono::steady_clock::now() - back;
        const auto written = all.written();
        const bool goes_on = eventually([&] { return all.written() >= written + 100; });
        stop_at_the_end();
        CAPTURE(kind.name, db.status().live, db.status().backend_down);
        CHECK(began);
        CHECK(recovered);
        CHECK(goes_on);
        CHECK(db.status().live == places);
        // Not one more than the pool has, and none that a consumer left behind.
        CHECK(eventually([&] { return ours(*kind.after) == places; }));
    }
    CHECK(all.odd == 0);
    CHECK(all.longest_wait_us.load() < std::chrono::microseconds{patience + soon + busy_machine}.count());
    CHECK(recovery < 2 * probe_interval + busy_machine);
    if (kind.refuses_all) {
        // In the first moment as many as may connect at a time; then one after each pause.
        CHECK(attempts_meanwhile <= max_connecting + 1 + static_cast<std::size_t>(lasted / least_pause));
        CHECK(failures - failures_then <= max_connecting);  // those that were under way when it came back
    }

    std::set<std::int64_t> written;
    const auto outside = pooly::postgres::connect(kind.after->connection_string());
    std::istringstream rows{text(outside, "select string_agg(id::text, ' ') from audit")};
    std::size_t twice = 0;
    for (std::int64_t id = 0; rows >> id;) twice += written.insert(id).second ? 0U : 1U;
    const auto in_both = [&](const std::set<std::int64_t>& column) {
        return static_cast<std::size_t>(
            std::count_if(column.begin(), column.end(), [&](std::int64_t id) { return written.contains(id); }));
    };
    CHECK(twice == 0);
    CHECK(in_both(all.acknowledged) == all.acknowledged.size());
    CHECK(in_both(all.failed) == 0);
    CHECK(written.size() == all.acknowledged.size() + in_both(all.unknown));
    const auto ms = [](auto time) { return std::chrono::duration_cast<std::chrono::milliseconds>(time).count(); };
    std::cout << "  " << kind.name << ": " << all.acknowledged.size() << " acknowledged, " << all.unknown.size()
              << " unknown (" << in_both(all.unknown) << " there), " << all.failed.size() << " failed, of these "
              << all.turned_away << " turned away; longest wait " << all.longest_wait_us / 1000 << " ms; out for "
              << ms(lasted) << " ms with " << attempts_meanwhile << " attempts to connect; whole again after "
              << ms(recovery) << " ms\n";
}

void audit_often(const outage& kind) {
    for (int run = 0; run < runs(); ++run) audit(kind);
}

/// Until so many more were turned away.
[[nodiscard]] bool turned_away(books& all, std::size_t more) {
    const auto before = all.turned_away.load();
    return eventually([&] { return all.turned_away >= before + more; });
}

}  // namespace

TEST_CASE("PostgreSQL, audited: the server is killed in the middle of transactions, and comes back") {
    audit_often({"killed", true, [](books& all, const std::function<void()>& look, const db_pool&) {
                     dead meanwhile{server::shared()};
                     CHECK(turned_away(all, 200));
                     look();
                     meanwhile.come_back();
                 }});
}

TEST_CASE("PostgreSQL, audited: its connections are ended one by one") {
    audit_often({"ended one by one", false, [](books& all, const std::function<void()>& look, const db_pool&) {
                     const auto outside = outsider();
                     for (int i = 0; i < 10; ++i) {
                         const auto written = all.written();
                         (void)text(outside, end_our_oldest);
                         CHECK(eventually([&] { return all.written() > written; }));
                     }
                     look();
                 }});
}

TEST_CASE("PostgreSQL, audited: the server hangs for longer than every timeout, and goes on") {
    audit_often({"frozen", true, [](books& all, const std::function<void()>& look, const db_pool&) {
                     const frozen meanwhile{server::shared()};
                     CHECK(turned_away(all, 30));
                     look();
                 }});
}

TEST_CASE("PostgreSQL, audited: the server takes fewer connections than the pool wants, and then more") {
    audit_often({"crowded", false, [](books& all, const std::function<void()>& look, const db_pool& db) {
                     auto outside = outsider();
                     outside.execute("alter role audited connection limit 2");
                     (void)text(outside, end_all_of_ours);
                     CHECK(eventually([&] { return db.status().backend_down; }));  // who wanted a third was refused
                     const auto written = all.written();
                     CHECK(eventually([&] { return all.written() >= written + 100; }));
                     CHECK(db.status().idle + db.status().in_use <= 2);
                     look();
                     outside.execute("alter role audited connection limit -1");
                 }});
}

TEST_CASE("PostgreSQL, audited: the primary is killed, its standby promoted, and the pool goes on there") {
    for (int run = 0; run < runs(); ++run) {
        server primary{{"synchronous_standby_names=*"}};  // what is acknowledged is on both
        server standby{primary};
        const auto both = [](auto one, auto other) { return one + ',' + other; };
        const auto port = [](const server& of) { return std::to_string(of.port()); };
        audit({"failover", true,
               [&](books& all, const std::function<void()>& look, const db_pool&) {
                   primary.kill();
                   CHECK(turned_away(all, 30));
                   look();
                   (void)text(pooly::postgres::connect(standby.connection_string()), "select pg_promote()");
               },
               &primary, &standby,
               "host=" + both(primary.directory(), standby.directory()) +
                   " port=" + both(port(primary), port(standby)) + " dbname=postgres target_session_attrs=read-write"});
    }
}
