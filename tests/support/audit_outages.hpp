// SPDX-License-Identifier: MIT
#pragma once

#include "support/audit.hpp"
#include "support/catch.hpp"
#include "support/test_server.hpp"

/// The outages that are audited of every database, which says how they come about: at its `victim()`, or by a
/// connection from outside, which ends the pool's oldest (`end_oldest`), or sees to it that the server admits so many
/// and no more (`admit`, `admit_all`).
namespace pooly::test::outages {

/// In the middle of transactions.
template <class Database>
void killed(audit<Database>& during) {
    dead meanwhile{during.database().victim()};
    CHECK(during.turns_away(200));
    CHECK(during.tries_to_connect(5));
    during.about_to_end();
    meanwhile.come_back();
}

template <class Database>
void ended_one_by_one(audit<Database>& during) {
    auto outside = during.database().outsider();
    for (int each = 0; each < 10; ++each) {
        Database::end_oldest(outside);
        CHECK(during.writes(1));
    }
    during.about_to_end();
}

/// For longer than every timeout.
template <class Database>
void frozen(audit<Database>& during) {
    const test::frozen meanwhile{during.database().victim()};
    CHECK(during.turns_away(10));
    during.about_to_end();
}

template <class Database>
void crowded(audit<Database>& during) {
    constexpr auto room = audit<Database>::places / 2;
    auto outside = during.database().outsider();
    during.database().admit(outside, room);
    for (auto left = audit<Database>::places; left > room; --left) Database::end_oldest(outside);
    CHECK(during.sees_an_outage());  // who wanted one more was refused
    CHECK(during.writes(100));
    CHECK(during.status().idle + during.status().in_use <= room);
    during.about_to_end();
    during.database().admit_all(outside);
}

}  // namespace pooly::test::outages

namespace pooly::test {

/// `audit_often`, of one of them.
template <auditable Database>
void audit_outage(const char* name, void (&outage)(audit<Database>&)) {
    audit_often(name, [&] { return audit{Database{}}.run(outage); });
}

}  // namespace pooly::test
