// SPDX-License-Identifier: MIT
// The disk fills up while many write and read, and has room again; then the books are compared: what was acknowledged
// is there, what was not is not.
#include <pooly/pooly.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <mutex>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "sqlite/support.hpp"
#include "support/audit_books.hpp"

using namespace sqlite_test;
using namespace std::chrono_literals;
using pooly::errc;
using pooly::sqlite::connection;
using pooly::sqlite::error;
using pooly::sqlite::factory;
using pooly::test::audit_books;
using pooly::test::audit_runs;
using pooly::test::busy_machine;
using pooly::test::eventually;

namespace {

constexpr std::size_t writing_threads = 8;
constexpr std::size_t reading_threads = 4;
constexpr std::size_t readers = 2;
constexpr auto patience = 1s;             // of a consumer
constexpr auto unlimited = "1073741823";  // pages

/// How writers and readers fared with SQLite.
struct books : audit_books {
    std::map<std::string, int> told;      // with which failures; guarded by `mutex`
    std::atomic<std::size_t> refused{0};  // of `failed`, by SQLite, and at commit
    std::atomic<std::size_t> at_commit{0};
    std::atomic<std::size_t> reads{0}, wrong_reads{0};  // that failed, or saw half of a transaction

    void fail(std::int64_t number, const std::string& why) {
        enter(failed, number);
        const std::lock_guard guard{mutex};
        ++told[why];
    }
};

using db_pool = pooly::pool<connection>;

/// Writes one number after the other, each with its opposite in a transaction of its own.
void write_until(const std::atomic<bool>& over, db_pool& db, const std::atomic<bool>& page_limit, books& all) {
    while (!over) {
        const auto number = ++all.next;
        const auto asked = std::chrono::steady_clock::now();
        enum { waiting, working, committing } step = waiting;
        try {
            auto open = db.begin();
            all.longest_wait.note(std::chrono::steady_clock::now() - asked);
            step = working;
            const auto insert = [&](std::int64_t id) {
                open->execute("insert into audit values (" + std::to_string(id) + ", zeroblob(400))");
            };
            // Each connection has its own limit; less than there are is as many as there are.
            open->execute(std::string{"pragma max_page_count = "} + (page_limit ? "1" : unlimited));
            insert(number);
            insert(-number);
            step = committing;
            open.commit();
            all.enter(all.acknowledged, number);
            continue;
        } catch (const error& told) {
            ++all.refused;
            all.fail(number, told.what());
        } catch (const pooly::pool_error& told) {
            all.fail(number, told.code().message());
        }
        if (step == waiting) all.longest_wait.note(std::chrono::steady_clock::now() - asked);
        if (step == committing) ++all.at_commit;
        std::this_thread::yield();
    }
}

void read_until(const std::atomic<bool>& over, db_pool& db, books& all) {
    int seen = 0;
    while (!over) {
        const auto asked = std::chrono::steady_clock::now();
        try {
            auto open = db.begin();
            all.longest_wait.note(std::chrono::steady_clock::now() - asked);
            const int rows = number(*open, "select count(*) from audit");
            if (rows % 2 != 0 || rows < seen || number(*open, "select total(id) = 0 from audit") != 1)
                ++all.wrong_reads;
            seen = rows;
            open.commit();
            ++all.reads;
        } catch (const std::exception& told) {
            ++all.wrong_reads;
            all.fail(0, told.what());
        }
        std::this_thread::yield();
    }
}

/// How many files of this process are below a directory.
[[nodiscard]] std::size_t open_below(const std::string& directory) {
    std::size_t found = 0;
    for (const auto& one : std::filesystem::directory_iterator{"/proc/self/fd"}) {
        std::error_code closed_by_now;
        if (std::filesystem::read_symlink(one, closed_by_now).string().starts_with(directory)) ++found;
    }
    return found;
}

/// A place for the database, that can be full.
struct disk {
    const char* name;
    std::string directory;  // and a slash
    std::function<void()> fill = [] {};
    std::function<void()> clear = [] {};
    bool limits_pages = false;
};

/// The numbers of the table; 0 for what was torn.
[[nodiscard]] std::multiset<std::int64_t> numbers_in(const connection& asked) {
    std::istringstream rows{text(asked, "select ifnull(group_concat(id, ' '), '') from audit where id > 0")};
    std::multiset<std::int64_t> found;
    for (std::int64_t id = 0; rows >> id;) found.insert(id);
    const int torn = number(asked, "select count(*) from audit where -id not in (select id from audit)");
    for (int i = 0; i < torn; ++i) found.insert(0);
    return found;
}

[[nodiscard]] auto ms(std::chrono::steady_clock::duration time) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
}

/// Writers and readers at full speed, the full disk, both at full speed again.
void audit(const disk& on) {
    const auto path = on.directory + "audit.db";
    for (const auto* const end : {"", "-wal", "-shm"}) std::filesystem::remove(path + end);
    pooly::sqlite::open(path).execute("create table audit(id integer, filling blob)");
    books all;
    std::chrono::steady_clock::duration lasted{}, recovery{};
    std::uint64_t made = 0;
    {
        const auto of_size = [](const char* name, std::size_t size) {
            pooly::pool_options how{.name = name, .size = size, .checkout_timeout = patience, .check_after_idle = 0ns};
            how.max_restarts = pooly::pool_options::unlimited;
            return how;
        };
        // No power is cut here; and a slow disk keeps nobody waiting.
        pooly::sqlite::options how{.synchronous = pooly::sqlite::sync_mode::off, .busy_timeout = patience};
        db_pool writer{factory{path, how}, of_size("writer", 1)};
        how.read_only = true;
        db_pool reader{factory{path, how}, of_size("readers", readers)};
        std::atomic<bool> over{false}, full{false};
        std::vector<std::thread> threads;
        for (std::size_t i = 0; i < writing_threads; ++i)
            threads.emplace_back([&] { write_until(over, writer, full, all); });
        for (std::size_t i = 0; i < reading_threads; ++i) threads.emplace_back([&] { read_until(over, reader, all); });

        CHECK(eventually([&] { return all.written() >= 100 && all.reads >= 100; }));
        const auto start = std::chrono::steady_clock::now();
        on.fill();
        full = on.limits_pages;
        CHECK(eventually([&] { return all.refused >= 1000; }));
        const auto reads = all.reads.load();
        CHECK(eventually([&] { return all.reads >= reads + 20; }));
        lasted = std::chrono::steady_clock::now() - start;
        const auto written = all.written();
        const auto back = std::chrono::steady_clock::now();
        full = false;
        on.clear();
        CHECK(eventually([&] { return all.written() > written; }));
        recovery = std::chrono::steady_clock::now() - back;
        CHECK(eventually([&] { return all.written() >= written + 100; }));
        over = true;
        for (auto& one : threads) one.join();

        CHECK((writer.status().idle == 1 && writer.status().live == 1));
        CHECK((reader.status().idle == readers && reader.status().live == readers));
        made = writer.stats().created + reader.stats().created;
        CHECK(made == 1 + readers);  // a full disk costs no connection
        CHECK(open_below(on.directory) ==
              2 * (1 + readers) + 1);  // the database and its log for each, and what they share
    }
    CHECK(open_below(on.directory) == 0);
    CHECK(all.wrong_reads == 0);
    CHECK(all.longest_wait.get() < patience + busy_machine);

    const auto outside = pooly::sqlite::open(path);
    CHECK(text(outside, "pragma integrity_check") == "ok");
    const auto written = numbers_in(outside);
    CHECK(std::equal(written.begin(), written.end(), all.acknowledged.begin(), all.acknowledged.end()));
    for (const auto& [what, times] : all.told) {
        CAPTURE(what, times);
        const bool is_of_a_full_disk = what == "database or disk is full" || what == "disk I/O error";
        CHECK((is_of_a_full_disk || what == make_error_code(errc::timeout).message()));
    }
    std::cout << "  " << on.name << ": " << all.acknowledged.size() << " acknowledged, " << written.size() << " there; "
              << all.failed.size() << " failed, of these " << all.at_commit << " at commit; longest wait "
              << ms(all.longest_wait.get()) << " ms; full for " << ms(lasted) << " ms, wrote again after "
              << ms(recovery) << " ms; " << all.reads << " reads, " << all.wrong_reads << " wrong; " << made
              << " connections made;";
    for (const auto& [what, times] : all.told) std::cout << " \"" << what << "\" " << times;
    std::cout << std::endl;
}

void audit_often(const disk& on) {
    for (int run = audit_runs(); run > 0; --run) audit(on);
}

constexpr const char* small_disk = "POOLY_TEST_SMALL_DISK";

}  // namespace

TEST_CASE("SQLite, audited: a database reaches its page limit under load, and that is lifted") {
    const temporary_directory directory;
    audit_often({.name = "page limit", .directory = directory.file(""), .limits_pages = true});
}

TEST_CASE("SQLite, audited: the disk is full under load, and has room again", "[full-disk]") {
    if (const char* const here = std::getenv(small_disk)) {
        const auto ballast = std::string{here} + "ballast";
        const auto fill = [&] {
            std::ofstream into{ballast};
            const std::string block(4096, 'x');
            while (into.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) continue;
        };
        audit_often({"full disk", here, fill, [&] { std::filesystem::remove(ballast); }});
        return;
    }
    // A small file system of one's own takes a namespace, which only a process of its own can have.
    if (std::system("unshare -Urm true 2>/dev/null") != 0) {
        WARN("skipped: an ordinary user cannot mount a file system here (unshare -Urm)");
        return;
    }
    const temporary_directory directory;
    const auto program = std::filesystem::read_symlink("/proc/self/exe").string();
    const auto run_there =
        std::string{small_disk} + "='" + directory.file("") +
        "' unshare -Urm sh -c 'mount -t tmpfs -o size=32m tmpfs \"$0\" && exec \"$1\" \"[full-disk]\"' '" +
        directory.file("") + "' '" + program + "'";
    std::cout.flush();
    CHECK(std::system(run_there.c_str()) == 0);
}
