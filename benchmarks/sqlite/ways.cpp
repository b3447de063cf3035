// SPDX-License-Identifier: MIT
#include "ways.hpp"
#include "connecting.hpp"

#include <pooly/pooly.hpp>

#include <memory>

#include "../competitors/hand_written_pool.hpp"

namespace bench {
namespace {

using pay_function = std::function<void(const ledger::payment&)>;

void transfer_in_transaction(SQLite::Database& db, const ledger::payment& paid) {
    SQLite::Transaction open{db, SQLite::TransactionBehavior::IMMEDIATE};
    ledger::transfer(db, paid);
    open.commit();
}

pay_function through_pooly(const std::string& file, std::size_t size) {
    const auto db =
        std::make_shared<pooly::pool<SQLite::Database>>(connections_to(file), pooly::pool_options{.size = size});
    return [db](const ledger::payment& paid) {
        db->transaction([&](SQLite::Database& connection) { ledger::transfer(connection, paid); });
    };
}

pay_function by_hand(const std::string& file, std::size_t size) {
    const auto connect = connections_to(file);
    const auto db = std::make_shared<hand_written_pool<SQLite::Database>>(
        size, [connect] { return std::make_unique<SQLite::Database>(connect(pooly::create_context{})); });
    return [db](const ledger::payment& paid) {
        const auto lease = db->checkout(std::chrono::seconds{60});
        transfer_in_transaction(*lease, paid);
    };
}

pay_function one_each(const std::string& file, std::size_t /*size*/) {
    return [connect = connections_to(file)](const ledger::payment& paid) {
        auto connection = connect(pooly::create_context{});
        transfer_in_transaction(connection, paid);
    };
}

}  // namespace

std::vector<way> ways() {
    std::vector<way> all{
        {"pooly", &through_pooly}, {"hand_written", &by_hand}, {"a connection per request", &one_each}};
#if defined(POOLY_BENCHMARK_SOCI)
    all.push_back(soci_way());
#endif
    return all;
}

}  // namespace bench
