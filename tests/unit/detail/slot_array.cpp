// SPDX-License-Identifier: MIT
#include <pooly/detail/slot_array.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "support/catch.hpp"

using namespace pooly::detail;

namespace {

struct small {
    char c;
};
struct page {
    alignas(4096) char bytes[5000];
};
struct odd {
    alignas(16) char bytes[80];
};

constexpr auto layout_of_small = worker_layout::of<small>();

template <class T>
constexpr bool fits() {
    constexpr auto layout = worker_layout::of<T>();
    return layout.offset >= sizeof(slot) && layout.offset % alignof(T) == 0 && layout.stride % cache_line == 0 &&
           layout.stride % alignof(T) == 0 && layout.stride >= layout.offset + sizeof(T) &&
           layout.alignment % alignof(T) == 0 && layout.alignment % cache_line == 0;
}
static_assert(fits<small>() && fits<page>() && fits<odd>() && fits<double>());
static_assert(layout_of_small.stride == 2 * cache_line, "no more room than a small worker needs");
static_assert(noexcept(worker_layout::of<small>()));
static_assert(noexcept(std::declval<slot_array&>().size()) && noexcept(std::declval<slot_array&>().at(0)));
static_assert(noexcept(std::declval<slot_array&>().append(nullptr)));
static_assert(noexcept(std::declval<slot_array&>().index_of(std::declval<slot&>())));

auto run_of(std::size_t count, const worker_layout& layout = layout_of_small) {
    return std::make_unique<slot_array::run>(count, layout);
}

/// Six slots in three runs: 0 1 2 | 3 | 4 5
struct six {
    slot_array slots{run_of(3)};
    six() {
        slots.append(run_of(1));
        slots.append(run_of(2));
    }
    /// The indices a walk looks at, in its order.
    std::vector<std::size_t> walk(std::size_t start, std::size_t limit) {
        std::vector<std::size_t> seen;
        (void)slots.find(start, limit, [&](slot& place) { return seen.push_back(slots.index_of(place)), false; });
        return seen;
    }
};

using indices = std::vector<std::size_t>;

}  // namespace

TEST_CASE("a slot array grows by runs and keeps the addresses it has") {
    slot_array slots{run_of(3)};
    CHECK(slots.size() == 3);
    auto* const first = &slots.at(0);
    auto* const third = &slots.at(2);
    slots.append(run_of(5));
    CHECK(slots.size() == 8);
    CHECK(&slots.at(0) == first);
    CHECK(&slots.at(2) == third);
}

TEST_CASE("every slot has one index, by which it is found in whatever run it lies") {
    six of;
    std::vector<slot*> all;
    for (std::size_t i = 0; i < 6; ++i) {
        all.push_back(&of.slots.at(i));
        CHECK(of.slots.index_of(*all.back()) == i);
    }
    std::sort(all.begin(), all.end());
    CHECK(std::unique(all.begin(), all.end()) == all.end());
}

TEST_CASE("a slot of another array has no index here") {
    six of;
    const slot stranger;
    CHECK(of.slots.index_of(stranger) == of.slots.size());
}

TEST_CASE("a walk goes around once, from wherever it starts") {
    six of;
    CHECK(of.walk(0, 6) == indices{0, 1, 2, 3, 4, 5});
    CHECK(of.walk(2, 6) == indices{2, 3, 4, 5, 0, 1});
    CHECK(of.walk(3, 6) == indices{3, 4, 5, 0, 1, 2});
    CHECK(of.walk(5, 6) == indices{5, 0, 1, 2, 3, 4});
}

TEST_CASE("a walk that starts behind the end starts at the remainder") {
    six of;
    CHECK(of.walk(6, 6) == indices{0, 1, 2, 3, 4, 5});
    CHECK(of.walk(6'000'004, 6) == indices{4, 5, 0, 1, 2, 3});
}

TEST_CASE("a walk looks at no more slots than it may, and at none twice") {
    six of;
    CHECK(of.walk(4, 3) == indices{4, 5, 0});
    CHECK(of.walk(1, 0).empty());
    CHECK(of.walk(1, 1000) == indices{1, 2, 3, 4, 5, 0});
}

TEST_CASE("a walk ends at the first slot that is wanted") {
    six of;
    std::size_t looks = 0;
    auto* const wanted = &of.slots.at(4);
    CHECK(of.slots.find(2, 6, [&](slot& place) { return ++looks, &place == wanted; }) == wanted);
    CHECK(looks == 3);
    CHECK(of.slots.find(0, 6, [](slot&) { return false; }) == nullptr);
}

TEST_CASE("a visit comes to every slot in order") {
    six of;
    indices seen;
    of.slots.for_each([&](slot& place) { seen.push_back(of.slots.index_of(place)); });
    CHECK(seen == indices{0, 1, 2, 3, 4, 5});
}

TEST_CASE("slots lie on cache lines, and their workers where their type wants to lie") {
    const auto check = [](const worker_layout& layout, std::size_t alignment) {
        slot_array slots{run_of(3, layout)};
        slots.append(run_of(2, layout));
        slots.for_each([&](slot& place) {
            CHECK(reinterpret_cast<std::uintptr_t>(&place) % cache_line == 0);
            CHECK(reinterpret_cast<std::uintptr_t>(worker_at(place, layout.offset)) % alignment == 0);
        });
    };
    check(worker_layout::of<small>(), alignof(small));
    check(worker_layout::of<odd>(), alignof(odd));
    check(worker_layout::of<page>(), alignof(page));
}

TEST_CASE("slots can be walked while the array grows") {
    slot_array slots{run_of(1)};
    std::atomic<bool> done{false};
    std::atomic<int> wrong{0};
    std::thread walker{[&] {
        while (!done.load()) {
            const auto size = slots.size();
            std::size_t seen = 0;
            slots.for_each([&](slot& place) {
                ++seen;
                if (slots.index_of(place) >= slots.size()) ++wrong;
            });
            if (seen < size) ++wrong;
        }
    }};
    for (int i = 0; i < 200; ++i) slots.append(run_of(1 + static_cast<std::size_t>(i) % 3));
    done = true;
    walker.join();
    CHECK(wrong == 0);
}
