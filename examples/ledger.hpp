// SPDX-License-Identifier: MIT
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <random>
#include <stdexcept>

/// A small bank: accounts that hold money, and a journal of who paid whom. It knows SQLite and nothing of pools.
namespace ledger {

inline constexpr int accounts = 100;
inline constexpr int opening_balance = 100;

struct payment {
    int from = 0;
    int to = 0;
    int amount = 0;
};

class insufficient_funds : public std::runtime_error {
public:
    insufficient_funds() : std::runtime_error{"insufficient funds"} {}
};

/// Writes an empty journal and rich accounts into a new file.
inline void found(SQLite::Database& db) {
    SQLite::Transaction transaction{db};
    db.exec(
        "create table account(id integer primary key, balance integer not null check (balance >= 0));"
        "create table journal(id integer primary key,"
        "    debtor integer not null references account, creditor integer not null references account,"
        "    amount integer not null check (amount > 0));");
    SQLite::Statement open_account{db, "insert into account(id, balance) values(?, ?)"};
    for (int id = 1; id <= accounts; ++id) {
        open_account.bind(1, id);
        open_account.bind(2, opening_balance);
        open_account.exec();
        open_account.reset();
    }
    transaction.commit();
}

/// Enters a payment into the journal and gives the money to the creditor: half a transfer, wrong on its own.
inline void credit(SQLite::Database& db, const payment& paid) {
    SQLite::Statement enter{db, "insert into journal(debtor, creditor, amount) values(?, ?, ?)"};
    enter.bind(1, paid.from);
    enter.bind(2, paid.to);
    enter.bind(3, paid.amount);
    enter.exec();
    SQLite::Statement give{db, "update account set balance = balance + ? where id = ?"};
    give.bind(1, paid.amount);
    give.bind(2, paid.to);
    give.exec();
}

/// A whole transfer. Must run in a transaction: it throws `insufficient_funds` when half of it is done.
inline void transfer(SQLite::Database& db, const payment& paid) {
    credit(db, paid);
    SQLite::Statement take{db, "update account set balance = balance - ?1 where id = ?2 and balance >= ?1"};
    take.bind(1, paid.amount);
    take.bind(2, paid.from);
    if (take.exec() != 1) throw insufficient_funds{};
}

/// Two different accounts, and at most half of what each had at the start.
template <class Random>
[[nodiscard]] payment any_payment(Random& random) {
    using between = std::uniform_int_distribution<int>;
    const int from = between{1, accounts}(random);
    const int others = between{1, accounts - 1}(random);
    return {from, others < from ? others : others + 1, between{1, opening_balance / 2}(random)};
}

/// What the books say.
struct audit_result {
    std::int64_t money = 0;     ///< in all accounts
    std::int64_t payments = 0;  ///< in the journal
    std::int64_t wrong = 0;     ///< accounts whose balance is not what the journal makes of the opening balance

    /// No money was made or lost, no transfer is there by half, and just those that were reported as done are there.
    [[nodiscard]] bool balances(std::uint64_t reported_payments) const noexcept {
        return money == std::int64_t{accounts} * opening_balance && wrong == 0 &&
               payments == static_cast<std::int64_t>(reported_payments);
    }
};

[[nodiscard]] inline audit_result audit(SQLite::Database& db) {
    SQLite::Statement wrong{db, R"(
        with movement(account, amount) as (select creditor, amount from journal
                                           union all select debtor, -amount from journal),
             net(account, amount) as (select account, sum(amount) from movement group by account)
        select count(*) from account left join net on net.account = account.id
        where balance <> ? + coalesce(net.amount, 0))"};
    wrong.bind(1, opening_balance);
    wrong.executeStep();
    return {db.execAndGet("select sum(balance) from account").getInt64(),
            db.execAndGet("select count(*) from journal").getInt64(), wrong.getColumn(0).getInt64()};
}

}  // namespace ledger
