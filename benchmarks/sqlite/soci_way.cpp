// SPDX-License-Identifier: MIT
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <memory>

#include "ways.hpp"

namespace bench {
namespace {

/// As ledger::transfer, in SOCI's words.
void transfer(soci::session& sql, const ledger::payment& paid) {
    sql << "insert into journal(debtor, creditor, amount) values(:debtor, :creditor, :amount)", soci::use(paid.from),
        soci::use(paid.to), soci::use(paid.amount);
    sql << "update account set balance = balance + :amount where id = :id", soci::use(paid.amount), soci::use(paid.to);
    soci::statement take =
        (sql.prepare << "update account set balance = balance - :amount where id = :id and balance >= :least",
         soci::use(paid.amount), soci::use(paid.from), soci::use(paid.amount));
    take.execute(true);
    if (take.get_affected_rows() != 1) throw ledger::insufficient_funds{};
}

}  // namespace

way soci_way(const file_of_turn& file) {
    return {"soci", [file](std::size_t size) {
                const auto db = std::make_shared<soci::connection_pool>(size);
                for (std::size_t i = 0; i < size; ++i) {
                    db->at(i).open(soci::sqlite3, "db=" + file() + " timeout=60 synchronous=normal");
                    db->at(i) << "pragma foreign_keys = on";  // as the others have it
                }
                return payments_by([db](const ledger::payment& paid) {
                    soci::session sql{*db};
                    sql << "begin immediate";
                    try {
                        transfer(sql, paid);
                        sql << "commit";
                    } catch (...) {
                        sql << "rollback";
                        throw;
                    }
                });
            }};
}

}  // namespace bench
