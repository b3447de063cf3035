// SPDX-License-Identifier: MIT
#include <pooly/detail/care.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "support/catch.hpp"

using namespace std::chrono_literals;
using pooly::detail::care;
using pooly::detail::clock_source;
using pooly::detail::errand;
using pooly::detail::errands;

namespace {

using task = errand::task;

care careful() { return care{nullptr, nullptr, 4, 1}; }

void send(care& by, task what, bool stuck = false) { by.out.push_back({++by.errands_sent, what, nullptr, stuck}); }

}  // namespace

TEST_CASE("first checks lie anywhere within one interval before they would be due") {
    auto by = careful();
    auto earliest = 100s + 0ns;
    auto latest = 0ns;
    for (int i = 0; i < 1000; ++i) {
        const auto checked = by.first_check(100s, 10s);
        earliest = std::min(earliest, checked);
        latest = std::max(latest, checked);
    }
    CHECK((earliest >= 90s && earliest < 91s));
    CHECK((latest <= 100s && latest > 99s));
    CHECK(by.first_check(100s, 0s) == 100s);
}

TEST_CASE("lifetimes are shorter by up to their jitter, and never without an end unless they have none") {
    auto by = careful();
    pooly::pool_options options;
    CHECK(by.end_of_life(5s, options) == clock_source::never);
    options.max_lifetime = 100s;
    options.lifetime_jitter = 0;
    CHECK(by.end_of_life(5s, options) == 105s);
    options.lifetime_jitter = 0.2;
    auto earliest = clock_source::never;
    auto latest = 0ns;
    for (int i = 0; i < 1000; ++i) {
        const auto end = by.end_of_life(5s, options);
        earliest = std::min(earliest, end);
        latest = std::max(latest, end);
    }
    CHECK((earliest >= 85s && earliest < 86s));
    CHECK((latest <= 105s && latest > 104s));
    options.max_lifetime = std::chrono::nanoseconds::max();
    options.lifetime_jitter = 0;
    CHECK(by.end_of_life(5s, options) == clock_source::never);
}

TEST_CASE("errands that are stuck are not waited for, but count against what may be sent") {
    auto by = careful();
    send(by, task::check);
    send(by, task::check, true);
    send(by, task::retire, true);
    send(by, task::make);
    CHECK(by.under_way(task::check) == 1);
    CHECK(by.under_way(task::retire) == 0);
    CHECK(by.out_for(task::check, task::retire) == 3);
    CHECK(by.out_for(task::make, task::renew) == 1);
    CHECK(by.may_send());
    while (by.count([](const care::outing& one) { return one.stuck; }) < care::most_stuck) {
        CHECK(by.may_send());
        send(by, task::make, true);
    }
    CHECK_FALSE(by.may_send());
}

TEST_CASE("as many errands are out as a visit can take, but for one that is kept for the observer") {
    auto by = careful();
    std::size_t sent = 0;
    for (; by.may_send(); ++sent) send(by, task::make);
    CHECK(sent == errands::most - 1);
}

TEST_CASE("an errand is found by its number for as long as it is out") {
    auto by = careful();
    send(by, task::make);
    send(by, task::check);
    REQUIRE(by.find(2) != nullptr);
    CHECK(by.find(2)->what == task::check);
    CHECK(by.find(3) == nullptr);
    std::erase_if(by.out, [](const care::outing& one) { return one.number == 2; });
    CHECK(by.find(2) == nullptr);
}

TEST_CASE("an errand whose place is another's by now is still out, without it") {
    auto by = careful();
    pooly::detail::slot mine, other;
    by.out.push_back({1, task::make, &mine});
    by.out.push_back({2, task::check, &other});
    by.let_go(mine);
    CHECK(by.find(1)->place == nullptr);
    CHECK(by.find(2)->place == &other);
    CHECK(by.out.size() == 2);
}

TEST_CASE("each reason to turn a consumer away is summed up by itself") {
    auto by = careful();
    by.shed_for(pooly::errc::overloaded).add(1, {});
    CHECK_FALSE(by.shed_for(pooly::errc::backend_unavailable).take(1s));
    const auto told = by.shed_for(pooly::errc::overloaded).take(1s);
    REQUIRE(told);
    CHECK(told->reason == pooly::errc::overloaded);
}
