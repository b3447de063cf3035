// SPDX-License-Identifier: MIT
#include "ways.hpp"
#include "connecting.hpp"

#include <pooly/pooly.hpp>

#include <chrono>
#include <memory>

#include "../competitors/hand_written_pool.hpp"
#include "../support/fairness.hpp"

using namespace std::chrono_literals;

namespace bench {
namespace {

void transfer_in_transaction(SQLite::Database& db, const ledger::payment& paid) {
    SQLite::Transaction open{db, SQLite::TransactionBehavior::IMMEDIATE};
    ledger::transfer(db, paid);
    open.commit();
}

auto through_pooly(const options_of_size& asked) {
    return [asked](const std::string& file, std::size_t size) {
        const auto db = std::make_shared<pooly::pool<SQLite::Database>>(connections_to(file), asked(size));
        return payments_by([db](const ledger::payment& paid) {
            db->transaction([&](SQLite::Database& connection) { ledger::transfer(connection, paid); });
        });
    };
}

transaction by_hand(const std::string& file, std::size_t size) {
    const auto connect = connections_to(file);
    const auto db = std::make_shared<hand_written_pool<SQLite::Database>>(
        size, [connect] { return std::make_unique<SQLite::Database>(connect(pooly::create_context{})); });
    return payments_by([db](const ledger::payment& paid) {
        const auto lease = db->checkout(std::chrono::seconds{60});
        transfer_in_transaction(*lease, paid);
    });
}

transaction one_each(const std::string& file, std::size_t /*size*/) {
    return payments_by([connect = connections_to(file)](const ledger::payment& paid) {
        auto connection = connect(pooly::create_context{});
        transfer_in_transaction(connection, paid);
    });
}

}  // namespace

std::vector<way> ways(const file_of_turn& file) {
    const auto in_file = [&](auto open) { return [file, open](std::size_t size) { return open(file(), size); }; };
    std::vector<way> all{{"pooly", in_file(through_pooly(strict))},
                         {"pooly, barging 50 ms", in_file(through_pooly(barging(50ms)))},
                         {"hand_written", in_file(&by_hand)},
                         {"a connection per request", in_file(&one_each)}};
#if defined(POOLY_BENCHMARK_SOCI)
    all.push_back(soci_way(file));
#endif
    return all;
}

}  // namespace bench
