// SPDX-License-Identifier: MIT
#include <pooly/pool_observer.hpp>

#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/catch.hpp"

using pooly::pool_event;
using pooly::pool_observer;

namespace {

static_assert(std::is_abstract_v<pool_observer> && std::has_virtual_destructor_v<pool_observer>);
static_assert(!std::is_copy_constructible_v<pool_observer> && !std::is_copy_assignable_v<pool_observer>);
static_assert(!noexcept(std::declval<pool_observer&>().notify(std::declval<const pool_event&>())), "it may throw");

struct memory final : pool_observer {
    explicit memory(bool& gone) : gone_{gone} {}
    ~memory() override { gone_ = true; }
    void notify(const pool_event& event) override {
        if (const auto* made = event.as<pooly::events::created>()) workers.push_back(made->worker);
    }

    std::vector<std::uint64_t> workers;

private:
    bool& gone_;
};

}  // namespace

TEST_CASE("an observer picks the events it cares about by their types") {
    bool gone = false;
    memory seen{gone};
    pool_observer& observer = seen;
    observer.notify({nullptr, 1, {}, pooly::events::created{7, 0, {}}});
    observer.notify({nullptr, 2, {}, pooly::events::restarted{1}});
    observer.notify({nullptr, 3, {}, pooly::events::created{8, 1, {}}});
    CHECK(seen.workers == std::vector<std::uint64_t>{7, 8});
}

TEST_CASE("an observer is destroyed through its base") {
    bool gone = false;
    std::unique_ptr<pool_observer>{std::make_unique<memory>(gone)}.reset();
    CHECK(gone);
}
