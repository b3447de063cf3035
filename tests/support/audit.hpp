// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <pooly/pooly.hpp>

#include "support/audit_books.hpp"
#include "support/audit_figures.hpp"
#include "support/catch.hpp"
#include "support/process.hpp"

namespace pooly::test {

/// What an audit has to know of a database. The numbers are written by workers that `connections` makes, each of whose
/// waits for the server ends after a second; an outsider looks at them.
template <class Database>
concept auditable = requires(const Database& database, typename Database::worker& one,
                             const typename Database::failure& told, std::int64_t number) {
    database.open_books();  // nothing is written
    { database.connections()(create_context{}) } -> std::same_as<typename Database::worker>;
    Database::write(one, number);                          // within a transaction
    { Database::is_unknown(told) } -> std::same_as<bool>;  // what became of the transaction
    { database.outsider() } -> std::same_as<typename Database::worker>;
    { Database::written(one) } -> std::same_as<std::vector<std::int64_t>>;
    { Database::connected(one) } -> std::same_as<std::size_t>;  // how many of the pool's the server knows of
};

/// The numbers in a text that has nothing else.
[[nodiscard]] inline std::vector<std::int64_t> numbers_in(const std::string& text) {
    std::istringstream words{text};
    return {std::istream_iterator<std::int64_t>{words}, {}};
}

/// An audit of one outage: writers at full speed, the outage, writers at full speed again; then the books are compared:
/// what was acknowledged is there, what failed is not, and neither is twice.
template <auditable Database>
class audit {
public:
    using worker = typename Database::worker;
    using clock = std::chrono::steady_clock;

    static constexpr std::size_t writers = 8;
    static constexpr std::size_t places = 4;

    explicit audit(Database database) : database_{std::move(database)}, db_{counted_connections(), kept()} {
        for (std::size_t each = 0; each < writers; ++each) threads_.emplace_back([this] { write_until_over(); });
    }
    audit(const audit&) = delete;
    audit& operator=(const audit&) = delete;
    ~audit() { stop(); }

    /// `outage(*this)` says `about_to_end()` and then ends the outage.
    template <std::invocable<audit&> Outage>
    [[nodiscard]] audit_figures run(const Outage& outage) {
        CHECK(eventually([&] { return books_.written() >= 100 && books_.in_the_middle > 0; }));
        begun_ = clock::now();
        before_ = tally();
        outage(*this);
        check_recovery();
        stop();
        check_the_end();
        check_books();
        return figures_;
    }

    [[nodiscard]] Database& database() noexcept { return database_; }
    [[nodiscard]] pool_status status() const { return db_.status(); }

    /// Returns when so many more were written, turned away, or begun; false on a machine that never gets there.
    [[nodiscard]] bool writes(std::size_t more) {
        const auto before = books_.written();
        return eventually([&] { return books_.written() >= before + more; });
    }
    [[nodiscard]] bool turns_away(std::size_t more) {
        const auto before = books_.turned_away.load();
        return eventually([&] { return books_.turned_away >= before + more; });
    }
    [[nodiscard]] bool tries_to_connect(std::size_t more) {
        const auto before = attempts_.load();
        return eventually([&] { return attempts_ >= before + more; });
    }
    [[nodiscard]] bool sees_an_outage() {
        return eventually([&] { return db_.status().backend_down; });
    }

    void about_to_end() {
        const auto now = tally();
        const auto lasted = clock::now() - begun_;
        const auto attempts = now.attempts - before_.attempts;
        const auto successes = now.successes - before_.successes;
        // In the first moment, and after each success, as many may fail as may connect at a time; then one after each
        // pause.
        CHECK(attempts - successes <=
              max_connecting * (1 + successes) + 1 + static_cast<std::size_t>(lasted / least_pause));
        figures_.shortest_outage = figures_.longest_outage = lasted;
        figures_.most_attempts = attempts;
    }

private:
    static constexpr auto patience = 1s;           // of a consumer
    static constexpr auto probe_interval = 100ms;  // at most
    static constexpr auto least_pause = 20ms;      // between two attempts to connect in an outage
    static constexpr std::size_t max_connecting = 2;

    struct attempts_to_connect {
        std::size_t attempts = 0, successes = 0, failures = 0;
    };

    [[nodiscard]] static pool_options kept() {
        return {.name = "db",
                .size = places,
                .checkout_timeout = patience,
                .check_after_idle = 0ns,
                .max_restarts = pool_options::unlimited,
                .max_connecting = max_connecting,
                .backoff_base = least_pause,
                .backoff_cap = probe_interval};
    }

    [[nodiscard]] auto counted_connections() {
        database_.open_books();
        return [this, connect = database_.connections()](const create_context& context) {
            ++attempts_;
            const auto begun = clock::now();
            try {
                auto made = connect(context);
                ++successes_;
                slowest_connection_.note(clock::now() - begun);
                return made;
            } catch (...) {
                ++failures_;
                throw;
            }
        };
    }
    [[nodiscard]] attempts_to_connect tally() const { return {attempts_, successes_, failures_}; }

    void write_until_over() {
        while (!over_) write(++books_.next);
    }
    /// In a transaction of its own.
    void write(std::int64_t number) {
        const auto asked = clock::now();
        bool in_the_middle = false;
        const auto note_wait = [&] {
            if (!in_the_middle) books_.longest_wait.note(clock::now() - asked);
        };
        try {
            auto open = db_.begin();
            note_wait();
            ++books_.in_the_middle;
            in_the_middle = true;
            Database::write(*open, number);
            open.commit();
            books_.enter(books_.acknowledged, number);
        } catch (const typename Database::failure& told) {
            note_wait();
            books_.enter(Database::is_unknown(told) ? books_.unknown : books_.failed, number);
        } catch (const pool_error& refused) {
            note_wait();
            const auto code = refused.code();
            if (code != errc::timeout && code != errc::backend_unavailable && code != errc::create_failed) ++books_.odd;
            ++books_.turned_away;
            books_.enter(books_.failed, number);
            std::this_thread::sleep_for(1ms);  // the pace of a client; without one they starve the server
        }
        if (in_the_middle) --books_.in_the_middle;
    }
    void stop() {
        over_ = true;
        for (auto& each : threads_)
            if (each.joinable()) each.join();
    }

    void check_recovery() {
        const auto back = clock::now();
        const auto failures = failures_.load();
        slowest_connection_.begin_anew();
        const bool whole = eventually([&] {
            const auto seen = db_.status();
            return seen.idle + seen.in_use == places && !seen.backend_down;
        });
        figures_.longest_recovery = clock::now() - back;
        figures_.slowest_connection = slowest_connection_.get();
        CAPTURE(db_.status());
        CHECK(whole);
        CHECK(figures_.longest_recovery < 2 * probe_interval + busy_machine);
        CHECK(writes(100));
        CHECK(failures_ - failures <= max_connecting);  // those that were under way when it came back
    }

    /// Not one connection more than the pool has, and none that a consumer left behind.
    void check_the_end() {
        CHECK(db_.status().live == places);
        auto outside = database_.outsider();
        CHECK(eventually([&] { return Database::connected(outside) == places; }));
        CHECK(books_.odd == 0);
        CHECK(books_.longest_wait.get() < patience + 1s + busy_machine);
    }

    void check_books() {
        auto outside = database_.outsider();
        const auto rows = Database::written(outside);
        const std::set<std::int64_t> there{rows.begin(), rows.end()};
        const auto how_many_of = [&](const std::set<std::int64_t>& column) {
            return static_cast<std::size_t>(
                std::count_if(column.begin(), column.end(), [&](auto number) { return there.contains(number); }));
        };
        const auto unknown_there = how_many_of(books_.unknown);
        CHECK(rows.size() == there.size());  // none twice
        CHECK(how_many_of(books_.acknowledged) == books_.acknowledged.size());
        CHECK(how_many_of(books_.failed) == 0);
        CHECK(there.size() == books_.acknowledged.size() + unknown_there);
        figures_.runs = 1;
        figures_.acknowledged = books_.acknowledged.size();
        figures_.unknown = books_.unknown.size();
        figures_.unknown_there = unknown_there;
        figures_.failed = books_.failed.size();
        figures_.turned_away = books_.turned_away;
        figures_.longest_wait = books_.longest_wait.get();
    }

    Database database_;
    audit_books books_;
    audit_figures figures_;
    std::atomic<std::size_t> attempts_{0}, successes_{0}, failures_{0};
    longest_time slowest_connection_;
    clock::time_point begun_{};
    attempts_to_connect before_;
    std::atomic<bool> over_{false};
    pool<worker> db_;
    std::vector<std::thread> threads_;
};

/// Audits as often as the environment variable POOLY_OUTAGE_RUNS says, else once, and prints the figures of all runs.
template <std::invocable<> Once>
void audit_often(const char* name, const Once& once) {
    audit_figures all;
    for (int run = audit_runs(); run > 0; --run) all.add(once());
    all.print(name);
}

}  // namespace pooly::test
