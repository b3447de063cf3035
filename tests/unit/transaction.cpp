// SPDX-License-Identifier: MIT
#include <pooly/pool.hpp>
#include <pooly/transaction.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/catch.hpp"

using namespace std::chrono_literals;
using pooly::transaction_guard;

namespace {

/// A worker that writes down what is done to it, and fails where it is told to.
struct book {
    std::string log;
    std::string fails_at;

    void note(const std::string& what) {
        log += what + ' ';
        if (fails_at.find(what) != std::string::npos) throw std::runtime_error{what + " failed"};
    }
};

}  // namespace

template <>
struct pooly::worker_traits<book> {
    static void begin(book& worker) { worker.note("begin"); }
    static void commit(book& worker) { worker.note("commit"); }
    static void rollback(book& worker) { worker.note("rollback"); }
};

namespace {

/// A pool of one book, which is written by `db` and read through `page`.
struct library {
    int made = 0;
    pooly::pool<book> db{[this] { return ++made, book{}; }, {.size = 1}};

    /// What was written since the last look.
    std::string log() { return std::exchange(db.checkout()->log, {}); }
    void fail_at(const std::string& what) { db.checkout()->fails_at = what; }
    bool is_whole() { return db.status().idle == 1 && db.status().in_use == 0; }
};

using guard = transaction_guard<book>;
static_assert(std::is_nothrow_move_constructible_v<guard> && std::is_nothrow_move_assignable_v<guard>);
static_assert(!std::is_copy_constructible_v<guard> && !std::is_copy_assignable_v<guard>);
static_assert(std::is_nothrow_destructible_v<guard>, "though a rollback may fail");
static_assert(!std::is_nothrow_constructible_v<guard, pooly::lease<book>>, "begin may fail");
static_assert(noexcept(*std::declval<const guard&>()) && noexcept(std::declval<const guard&>().operator->()));
static_assert(!noexcept(std::declval<guard&>().commit()) && !noexcept(std::declval<guard&>().rollback()));

using stock = pooly::pool<book>;
static_assert(std::is_same_v<decltype(std::declval<stock&>().transaction([](book&) { return 1; })), int>);
static_assert(std::is_same_v<decltype(std::declval<stock&>().transaction([](book&) {})), void>);
static_assert(
    std::is_same_v<decltype(std::declval<stock&>().transaction([](book& b) -> std::string& { return b.log; })),
                   std::string&>);
static_assert(std::is_same_v<decltype(std::declval<stock&>().transaction(&book::log)), std::string&>);
static_assert(!noexcept(std::declval<stock&>().transaction([](book&) noexcept {})));

}  // namespace

TEST_CASE("a transaction begins, works, commits, and gives the worker back") {
    library one;
    one.db.transaction([](book& worker) { worker.note("work"); });
    CHECK(one.is_whole());
    CHECK(one.log() == "begin work commit ");
}

TEST_CASE("a transaction returns what its function returns: a value, nothing, a reference") {
    library one;
    CHECK(one.db.transaction([](book&) { return 42; }) == 42);
    CHECK(one.db.transaction([](book&) { return std::string{"forty-two"}; }, 1s) == "forty-two");
    static_assert(std::is_void_v<decltype(one.db.transaction([](book&) {}, 1s))>);
    std::string elsewhere = "here";
    std::string& same = one.db.transaction([&](book&) -> std::string& { return elsewhere; });
    CHECK(&same == &elsewhere);
    const std::string& still = one.db.transaction([&](book&) -> const std::string& { return elsewhere; });
    CHECK(&still == &elsewhere);
    std::string&& moved = one.db.transaction([&](book&) -> std::string&& { return std::move(elsewhere); });
    CHECK(&moved == &elsewhere);
}

TEST_CASE("a transaction returns what can only be moved") {
    library one;
    const auto made = one.db.transaction([](book&) { return std::make_unique<int>(7); });
    CHECK(*made == 7);
}

TEST_CASE("a transaction does not copy what it returns") {
    struct counts_copies {
        int copies = 0;
        counts_copies() = default;
        counts_copies(const counts_copies& other) : copies{other.copies + 1} {}
        counts_copies(counts_copies&& other) noexcept : copies{other.copies} {}
        counts_copies& operator=(const counts_copies&) = delete;
        counts_copies& operator=(counts_copies&&) = delete;
    };
    library one;
    CHECK(one.db.transaction([](book&) { return counts_copies{}; }).copies == 0);
}

TEST_CASE("a transaction takes anything that can be called with the worker") {
    library one;
    one.db.transaction([only = std::make_unique<int>(1)](book& worker) mutable { worker.note("moved in"); });
    CHECK(one.log() == "begin moved in commit ");
    one.db.transaction(std::bind(&book::note, std::placeholders::_1, "bound"));
    CHECK(one.log() == "begin bound commit ");
    const std::function<void(book&)> kept = [](book& worker) { worker.note("kept"); };
    one.db.transaction(kept);
    CHECK(one.log() == "begin kept commit ");
    struct once {
        int operator()(book&) && { return 1; }
        int operator()(book&) & { return 2; }
    };
    CHECK(one.db.transaction(once{}) == 1);
    once twice;
    CHECK(one.db.transaction(twice) == 2);
}

TEST_CASE("a transaction whose function throws is rolled back, and the exception arrives unchanged") {
    library one;
    struct my_own {
        int number;
    };
    try {
        one.db.transaction([](book& worker) {
            worker.note("work");
            throw my_own{42};
        });
        FAIL("nothing was thrown");
    } catch (const my_own& mine) {
        CHECK(mine.number == 42);
    }
    CHECK(one.is_whole());
    CHECK(one.log() == "begin work rollback ");
}

TEST_CASE("an exception within an exception arrives with what is nested in it") {
    library one;
    try {
        one.db.transaction([](book&) {
            try {
                throw std::logic_error{"inner"};
            } catch (...) {
                std::throw_with_nested(std::runtime_error{"outer"});
            }
        });
        FAIL("nothing was thrown");
    } catch (const std::runtime_error& outer) {
        CHECK(std::string{outer.what()} == "outer");
        CHECK_THROWS_WITH(std::rethrow_if_nested(outer), "inner");
    }
    CHECK(one.is_whole());
}

TEST_CASE("a transaction that cannot begin gives the worker back as it is") {
    library one;
    one.fail_at("begin");
    bool worked = false;
    CHECK_THROWS_WITH(one.db.transaction([&](book&) { worked = true; }), "begin failed");
    CHECK_FALSE(worked);
    CHECK(one.is_whole());
    CHECK(one.log() == "begin ");
    CHECK(one.made == 1);
    CHECK_THROWS_WITH(one.db.begin(), "begin failed");
    CHECK(one.is_whole());
}

TEST_CASE("a transaction that cannot be committed is rolled back, and says why it was not committed") {
    library one;
    one.fail_at("commit");
    CHECK_THROWS_WITH(one.db.transaction([](book&) { return 1; }), "commit failed");
    CHECK(one.is_whole());
    CHECK(one.log() == "begin commit rollback ");
    CHECK(one.made == 1);
    CHECK_THROWS_WITH(one.db.transaction([](book&) {}), "commit failed");
    CHECK(one.log() == "begin commit rollback ");
}

TEST_CASE("a worker that cannot be rolled back is destroyed, and the first exception arrives") {
    library one;
    one.fail_at("rollback");
    CHECK_THROWS_WITH(one.db.transaction([](book& worker) { worker.note("work"), throw std::logic_error{"mine"}; }),
                      "mine");
    CHECK(one.is_whole());
    CHECK(one.made == 2);
    CHECK(one.log().empty());
    CHECK(one.db.stats().discarded == 1);
}

TEST_CASE("a worker that can be neither committed nor rolled back is destroyed, and the commit's exception arrives") {
    library one;
    one.fail_at("commit rollback");
    CHECK_THROWS_WITH(one.db.transaction([](book&) {}), "commit failed");
    CHECK(one.made == 2);
    CHECK(one.is_whole());
}

TEST_CASE("a guard rolls back at its end unless it was committed") {
    library one;
    {
        const auto open = one.db.begin();
        open->note("work");
        (*open).note("more");
    }
    CHECK(one.log() == "begin work more rollback ");
    {
        auto open = one.db.begin_for(1s);
        open->note("work");
        open.commit();
        CHECK(one.db.status().in_use == 1);  // the worker is the guard's until its end
        open->note("after");
    }
    CHECK(one.log() == "begin work commit after ");
    CHECK(one.is_whole());
}

TEST_CASE("a guard rolls back when the stack unwinds, and the exception goes on") {
    library one;
    const auto careless = [&] {
        const auto open = one.db.begin();
        open->note("work");
        throw std::runtime_error{"mine"};
    };
    CHECK_THROWS_WITH(careless(), "mine");
    CHECK(one.log() == "begin work rollback ");
    CHECK(one.is_whole());
}

TEST_CASE("a guard that is made and committed while the stack unwinds is committed") {
    library one;
    struct bookkeeper {
        library& one;
        ~bookkeeper() {
            auto open = one.db.begin();
            open->note("unwinding");
            open.commit();
        }
    };
    const auto careless = [&] {
        const bookkeeper at_the_end{one};
        throw std::runtime_error{"mine"};
    };
    CHECK_THROWS_WITH(careless(), "mine");
    CHECK(one.log() == "begin unwinding commit ");
}

TEST_CASE("a guard that was rolled back by hand does it once") {
    library one;
    {
        auto open = one.db.begin();
        open.rollback();
    }
    CHECK(one.log() == "begin rollback ");
}

TEST_CASE("a transaction that is over can be neither committed nor rolled back again") {
    library one;
    {
        auto open = one.db.begin();
        open.commit();
        CHECK_THROWS_AS(open.commit(), std::logic_error);
        CHECK_THROWS_WITH(open.commit(), "pooly: the transaction is over");
        CHECK_THROWS_WITH(open.rollback(), "pooly: the transaction is over");
    }
    CHECK(one.log() == "begin commit ");
    {
        auto open = one.db.begin();
        open.rollback();
        CHECK_THROWS_WITH(open.commit(), "pooly: the transaction is over");
        CHECK_THROWS_WITH(open.rollback(), "pooly: the transaction is over");
    }
    CHECK(one.log() == "begin rollback ");
}

TEST_CASE("a commit that failed may be tried again, while the transaction is open") {
    library one;
    {
        auto open = one.db.begin();
        open->fails_at = "commit";
        CHECK_THROWS_WITH(open.commit(), "commit failed");
        open->fails_at.clear();
        open.commit();
    }
    CHECK(one.log() == "begin commit commit ");
}

TEST_CASE("a rollback by hand that fails says so, and its worker is destroyed") {
    library one;
    {
        auto open = one.db.begin();
        open->fails_at = "rollback";
        CHECK_THROWS_WITH(open.rollback(), "rollback failed");
        CHECK(one.made == 2);
        CHECK(one.db.status().in_use == 0);
    }
    CHECK(one.is_whole());
    CHECK(one.made == 2);
}

TEST_CASE("a moved guard takes its transaction along and leaves nothing to be rolled back") {
    library one;
    {
        auto from = one.db.begin();
        auto to = std::move(from);
        CHECK_THROWS_WITH(from.commit(), "pooly: the transaction is over");
        to->note("work");
        to.commit();
    }
    CHECK(one.log() == "begin work commit ");
}

TEST_CASE("a guard that is assigned another rolls back its own, and gives its worker back") {
    std::vector<std::string> ends;
    pooly::pool<book> db{[] { return book{}; },
                         {.size = 2},
                         {.commit = [&](book& b) { ends.push_back("commit " + b.log); },
                          .rollback = [&](book& b) { ends.push_back("rollback " + b.log); }}};
    {
        auto one = db.begin();
        auto two = db.begin();
        one->log = "one";
        two->log = "two";
        one = std::move(two);
        CHECK(ends == std::vector<std::string>{"rollback one"});
        CHECK(db.status().in_use == 1);
        CHECK(one->log == "two");
        one.commit();
    }
    CHECK(ends == std::vector<std::string>{"rollback one", "commit two"});
}

TEST_CASE("a guard survives being moved onto itself") {
    library one;
    {
        auto open = one.db.begin();
        auto& same = open;
        open = std::move(same);
        open->note("work");
        open.commit();
    }
    CHECK(one.log() == "begin work commit ");
}

TEST_CASE("a type that knows no transactions can be used in one") {
    pooly::pool db{[] { return 1; }, {.size = 1}};
    CHECK(db.transaction([](int& worker) { return ++worker; }) == 2);
    CHECK_THROWS_WITH(db.transaction([](int&) { throw std::runtime_error{"mine"}; }), "mine");
    {
        auto open = db.begin();
        CHECK(*open == 2);
        open.commit();
    }
    CHECK(db.status().idle == 1);
    CHECK(db.stats().created == 1);
}

TEST_CASE("a transaction that gets no worker begins nothing, and says why") {
    library one;
    auto held = one.db.checkout();
    const auto never = [](book&) { FAIL("there was no worker to work on"); };
    const auto reason = [&](auto&& attempt) -> std::error_code {
        try {
            attempt();
        } catch (const pooly::pool_error& error) {
            return error.code();
        }
        return {};
    };
    CHECK(reason([&] { one.db.transaction(never, 0s); }) == pooly::errc::timeout);
    CHECK(reason([&] { (void)one.db.begin_for(-1s); }) == pooly::errc::timeout);
    one.db.close();
    CHECK(reason([&] { one.db.transaction(never); }) == pooly::errc::closed);
    CHECK(reason([&] { one.db.transaction(never, 1s); }) == pooly::errc::closed);
    CHECK(reason([&] { (void)one.db.begin(); }) == pooly::errc::closed);
    CHECK(reason([&] { (void)one.db.begin_for(1s); }) == pooly::errc::closed);
    CHECK(held->log.empty());
}

TEST_CASE("a transaction names the line that began it, not one of ours") {
    pooly::pool db{[] { return 1; }, {.size = 4}};
    const auto line_of_first = [&] { return db.holders().at(0).where.line; };
    CHECK(db.transaction([&](int&) { return line_of_first(); }) == __LINE__);
    CHECK(db.transaction([&](int&) { return line_of_first(); }, 1s) == __LINE__);
    {
        const auto open = db.begin();
        CHECK(line_of_first() == __LINE__ - 1);
    }
    const auto open = db.begin_for(1s);
    CHECK(line_of_first() == __LINE__ - 1);
}

TEST_CASE("a guard outlives its pool, and still rolls back") {
    std::string log;
    {
        std::unique_ptr<guard> open;
        {
            pooly::pool<book> db{[] { return book{}; }, {.size = 1}, {.rollback = [&](book&) { log += "rollback "; }}};
            open = std::make_unique<guard>(db.begin());
        }
        CHECK(log.empty());
    }
    CHECK(log == "rollback ");
}
