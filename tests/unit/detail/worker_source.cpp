// SPDX-License-Identifier: MIT
#include <pooly/detail/worker_source.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include "support/catch.hpp"

using pooly::create_context;
using pooly::worker_hooks;
using pooly::detail::factory_result_t;
using pooly::detail::factory_source;

namespace {

struct worker {
    std::string log;
};

struct immovable {
    int value;
    explicit immovable(int with) : value{with} {}
    immovable(immovable&&) = delete;
};

worker make_worker() { return {}; }

struct takes_either {
    worker operator()() const { return {"nothing"}; }
    worker operator()(const create_context&) const { return {"context"}; }
};

static_assert(pooly::detail::factory<decltype(make_worker)> && pooly::detail::factory<worker (*)()>);
static_assert(pooly::detail::factory<std::function<worker()>> && pooly::detail::factory<takes_either>);
static_assert(pooly::detail::factory<std::function<worker(const create_context&)>>);
static_assert(!pooly::detail::factory<std::function<worker(int)>> && !pooly::detail::factory<worker>);
static_assert(std::is_same_v<factory_result_t<immovable (*)()>, immovable>);
static_assert(std::is_same_v<factory_result_t<worker& (*)()>, worker&>);
static_assert(noexcept(std::declval<pooly::detail::worker_source&>().destroy(nullptr)), "a destructor does not throw");
static_assert(!noexcept(std::declval<pooly::detail::worker_source&>().retire(nullptr)), "a hook may");

template <class T>
struct room {
    alignas(T) std::byte bytes[sizeof(T)];
    [[nodiscard]] T& worker() { return *std::launder(reinterpret_cast<T*>(bytes)); }
};

template <class T, class Factory>
auto source_of(Factory factory, worker_hooks<T> hooks = {}) {
    return factory_source<T, Factory>{std::move(factory), std::move(hooks)};
}

}  // namespace

TEST_CASE("a worker is built where it is to live, and ended there") {
    auto source = source_of<immovable>([] { return immovable{7}; });
    room<immovable> place;
    source.construct(place.bytes, {});
    CHECK(place.worker().value == 7);
    source.destroy(place.bytes);
}

TEST_CASE("a factory that takes a context is given it, though it could do without") {
    auto source = source_of<worker>(takes_either{});
    room<worker> place;
    source.construct(place.bytes, {});
    CHECK(place.worker().log == "context");
    source.destroy(place.bytes);
}

TEST_CASE("a factory that takes nothing is called with nothing; it may change itself") {
    auto source = source_of<int>([last = 0]() mutable { return ++last; });
    room<int> place;
    source.construct(place.bytes, {});
    CHECK(place.worker() == 1);
    source.construct(place.bytes, {});
    CHECK(place.worker() == 2);
}

TEST_CASE("what a factory throws arrives unchanged") {
    auto source = source_of<int>([]() -> int { throw std::runtime_error{"no route"}; });
    room<int> place;
    CHECK_THROWS_WITH(source.construct(place.bytes, {}), "no route");
}

TEST_CASE("an empty factory is refused by its name") {
    const auto refused = [](auto factory) {
        using type = decltype(factory);
        CHECK_THROWS_AS((factory_source<int, type>{std::move(factory), worker_hooks<int>{}}), std::invalid_argument);
        CHECK_THROWS_WITH((factory_source<int, type>{type{}, worker_hooks<int>{}}), "pooly: factory must not be empty");
    };
    refused(std::function<int()>{});
    refused(std::function<int(const create_context&)>{});
    refused(static_cast<int (*)()>(nullptr));
}

TEST_CASE("a source without hooks does nothing, and knows that it does nothing") {
    auto source = source_of<worker>(make_worker);
    room<worker> place;
    source.construct(place.bytes, {});
    CHECK_FALSE(source.checks_health());
    CHECK_FALSE(source.resets());
    CHECK(source.healthy(place.bytes));
    source.reset(place.bytes);
    source.retire(place.bytes);
    source.begin(place.worker());
    source.commit(place.worker());
    source.rollback(place.worker());
    CHECK(place.worker().log.empty());
    source.destroy(place.bytes);
}

TEST_CASE("a source calls each hook with the worker") {
    const auto write = [](const char* what) { return [what](worker& one) { one.log += what; }; };
    auto source = source_of<worker>(make_worker, {.healthy = [](worker& one) { return one.log.empty(); },
                                                  .reset = write("reset "),
                                                  .retire = write("retire "),
                                                  .begin = write("begin "),
                                                  .commit = write("commit "),
                                                  .rollback = write("rollback ")});
    room<worker> place;
    source.construct(place.bytes, {});
    CHECK(source.checks_health());
    CHECK(source.resets());
    CHECK(source.healthy(place.bytes));
    source.begin(place.worker());
    source.commit(place.worker());
    source.rollback(place.worker());
    source.reset(place.bytes);
    source.retire(place.bytes);
    CHECK(place.worker().log == "begin commit rollback reset retire ");
    CHECK_FALSE(source.healthy(place.bytes));
    source.destroy(place.bytes);
}
