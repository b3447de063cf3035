// SPDX-License-Identifier: MIT

// A ledger in a SQLite file, and a pool of connections to it. `quickstart --help` says what it takes.

#include <pooly/pooly.hpp>

#include <SQLiteCpp/SQLiteCpp.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <iostream>
#include <optional>
#include <random>
#include <string>
#include <system_error>
#include <utility>

#include <pooly/adapters/sqlite.hpp>

#include "command_line.hpp"
#include "ledger.hpp"
#include "load.hpp"
#include "report.hpp"

namespace {

using namespace std::chrono_literals;
using connection_factory = pooly::sqlite::factory<SQLite::Database>;
using connection_pool = pooly::pool<SQLite::Database>;

/// Both runs open their connections alike. All writers want SQLite's one write lock, so the busy timeout is long.
connection_factory connections_to(const std::string& file) {
    return connection_factory{file, {.synchronous = pooly::sqlite::sync_mode::normal, .busy_timeout = 60s}};
}

/// A new ledger in a file, and a connection that audits it. That one stays open during the run, so that no other is
/// the last to close the database: the last one folds the log into the file, which would cost a run of short
/// connections more than the connections themselves.
class ledger_file {
public:
    ledger_file(std::string path, bool keep) : path_{std::move(path)}, keep_{keep}, books_{connections_to(path_)({})} {
        ledger::found(*books_);
    }
    ledger_file(const ledger_file&) = delete;
    ledger_file& operator=(const ledger_file&) = delete;
    ~ledger_file() {
        books_.reset();  // closes the file
        if (keep_) return;
        std::error_code ignored;
        for (const auto* const part : {"", "-wal", "-shm"}) std::filesystem::remove(path_ + part, ignored);
    }

    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    [[nodiscard]] SQLite::Database& books() noexcept { return *books_; }

private:
    std::string path_;
    bool keep_;
    std::optional<SQLite::Database> books_;
};

/// A consumer that finds its connection broken in the middle of a transfer. The pool destroys the connection, SQLite
/// takes back the half transfer with it, and whoever waits gets a new one.
void discard_one_in_flight(connection_pool& db) {
    auto lease = db.checkout();
    lease->exec("begin immediate");
    ledger::credit(*lease, {.from = 1, .to = 2, .amount = 1});
    lease.discard();
}

outcome run_pooled(connection_pool& db, const settings& wanted) {
    load payments{wanted, [&](const work& transfer) { db.transaction(transfer); }};
    const auto detail = [&] {
        const auto now = db.status();
        return "; " + std::to_string(now.in_use) + " in use, " + std::to_string(now.waiting) + " waiting";
    };
    return payments.run("pool", detail, [&] { discard_one_in_flight(db); });
}

outcome run_unpooled(const connection_factory& connect, const settings& wanted) {
    load payments{wanted, [&](const work& transfer) {
                      auto db = connect({});
                      SQLite::Transaction transaction{db, SQLite::TransactionBehavior::IMMEDIATE};
                      transfer(db);
                      transaction.commit();
                  }};
    return payments.run(
        "connection per transaction", [] { return ""; }, [] {});
}

/// Says whether the books balance, and how it was found out.
bool check_books(SQLite::Database& books, const outcome& reported) {
    const auto found = ledger::audit(books);
    const bool good = found.balances(reported.committed);
    (good ? std::cout : std::cerr) << "  books:      " << (good ? "they balance: " : "THEY DO NOT BALANCE: ")
                                   << grouped(found.money) << " in " << ledger::accounts << " accounts, "
                                   << grouped(found.payments) << " payments in the journal, "
                                   << grouped(reported.committed) << " reported, " << found.wrong << " accounts off\n";
    return good;
}

/// Whether connections were made all the time, not just until the pool was full: one for fewer than ten check-outs.
bool churns(const pooly::pool_stats& stats, const pooly::pool_options& options) {
    return stats.created > options.size + options.max_overflow + stats.checkouts / 10;
}

void print_pool(const connection_pool& db) {
    const auto status = db.status();
    const auto stats = db.stats();
    std::cout << "  status:     " << to_string(status.state) << "; " << status.idle << " idle, " << status.in_use
              << " in use, " << status.overflow << " overflow, " << status.waiting << " waiting\n"
              << "  workers:    " << grouped(stats.created) << " made, " << grouped(stats.discarded)
              << " discarded on purpose, " << grouped(stats.dismissed) << " dismissed as surplus; lent "
              << grouped(stats.checkouts) << " times, " << grouped(stats.waited) << " of them after a wait\n"
              << "  wait:       for a connection, over all check-outs: p50 " << readable(stats.wait.quantile(0.5))
              << ", p90 " << readable(stats.wait.quantile(0.9)) << ", p99 " << readable(stats.wait.quantile(0.99))
              << ", max " << readable(stats.wait.max()) << '\n';
    if (churns(stats, db.options()))
        std::cout << "  note:       a new connection for every "
                  << fixed(static_cast<double>(stats.checkouts) / static_cast<double>(stats.created), 1)
                  << " check-outs: those beyond --size are closed when nobody waits; a larger --size keeps them\n";
}

void print_throughput(const outcome& run) {
    std::cout << "  throughput: " << grouped(static_cast<std::uint64_t>(run.per_second())) << " transfers/s\n";
}

std::string temporary_file() {
    const auto name = "pooly-quickstart-" + std::to_string(std::random_device{}()) + ".db";
    return (std::filesystem::temp_directory_path() / name).string();
}

/// The same load twice, through the pool and without one. True when the books of both balance.
bool quickstart(const settings& wanted) {
    const bool keep = !wanted.file.empty();
    const std::string path = keep ? wanted.file : temporary_file();
    std::cout << "ledger " << path << ": " << ledger::accounts << " accounts, " << wanted.threads
              << " threads, a pool of " << wanted.size << " + " << wanted.overflow << '\n'
              << "a transfer that would overdraw an account is rolled back half way, on purpose\n";

    ledger_file pooled_file{path, keep};
    connection_pool db{connections_to(path),
                       {.name = "ledger",
                        .size = static_cast<std::size_t>(wanted.size),
                        .max_overflow = static_cast<std::size_t>(wanted.overflow),
                        .checkout_timeout = 60s}};
    const auto pooled = run_pooled(db, wanted);
    const bool pooled_good = check_books(pooled_file.books(), pooled);
    print_pool(db);
    print_throughput(pooled);
    db.close();

    ledger_file unpooled_file{beside(path), false};
    const auto unpooled = run_unpooled(connections_to(unpooled_file.path()), wanted);
    const bool unpooled_good = check_books(unpooled_file.books(), unpooled);
    print_throughput(unpooled);

    if (unpooled.committed > 0)
        std::cout << "the pool made " << fixed(pooled.per_second() / unpooled.per_second(), 1)
                  << " times as many transfers\n";
    return pooled_good && unpooled_good;
}

}  // namespace

int main(int argc, char* argv[]) {
    try {
        const auto wanted = parse_command_line(argc, argv);
        if (wanted.help) {
            print_help(std::cout);
            return 0;
        }
        return quickstart(wanted) ? 0 : 1;
    } catch (const bad_argument& refused) {
        std::cerr << "quickstart: " << refused.what() << '\n';
        return 2;
    } catch (const std::exception& failure) {
        std::cerr << "quickstart: " << failure.what() << '\n';
        return 1;
    }
}
