// SPDX-License-Identifier: MIT
#include <pooly/worker_traits.hpp>

#include <string>

#include "support/catch.hpp"

namespace {

/// A worker that writes down what is done to it.
struct plain {
    std::string log;
};
struct with_all : plain {};
struct with_reset_only : plain {};

}  // namespace

template <>
struct pooly::worker_traits<with_all> {
    static bool healthy(with_all& worker) { return worker.log += "healthy ", false; }
    static void reset(with_all& worker) { worker.log += "reset "; }
    static void retire(with_all& worker) { worker.log += "retire "; }
    static void begin(with_all& worker) { worker.log += "begin "; }
    static void commit(with_all& worker) { worker.log += "commit "; }
    static void rollback(with_all& worker) { worker.log += "rollback "; }
};

template <>
struct pooly::worker_traits<with_reset_only> {
    static void reset(with_reset_only& worker) { worker.log += "reset "; }
};

namespace {

using pooly::worker_hooks;
using pooly::detail::with_traits;

static_assert(!pooly::detail::has_healthy_trait<plain> && !pooly::detail::has_reset_trait<plain>);
static_assert(pooly::detail::has_reset_trait<with_reset_only> && !pooly::detail::has_begin_trait<with_reset_only>);
static_assert(std::is_aggregate_v<worker_hooks<plain>>);

}  // namespace

TEST_CASE("a type without traits and a pool without hooks have nothing to be asked") {
    const auto hooks = with_traits<plain>({});
    CHECK_FALSE(hooks.healthy);
    CHECK_FALSE(hooks.reset);
    CHECK_FALSE(hooks.retire);
    CHECK_FALSE(hooks.begin);
    CHECK_FALSE(hooks.commit);
    CHECK_FALSE(hooks.rollback);
}

TEST_CASE("each trait of the type is used where the pool has no hook") {
    const auto hooks = with_traits<with_all>({});
    with_all worker;
    CHECK_FALSE(hooks.healthy(worker));
    hooks.begin(worker);
    hooks.commit(worker);
    hooks.rollback(worker);
    hooks.reset(worker);
    hooks.retire(worker);
    CHECK(worker.log == "healthy begin commit rollback reset retire ");
}

TEST_CASE("each hook of the pool wins over the trait of its name") {
    const auto write = [](const char* what) { return [what](with_all& worker) { worker.log += what; }; };
    const auto hooks = with_traits<with_all>({.healthy = [](with_all&) { return true; },
                                              .reset = write("my reset "),
                                              .retire = write("my retire "),
                                              .begin = write("my begin "),
                                              .commit = write("my commit "),
                                              .rollback = write("my rollback ")});
    with_all worker;
    CHECK(hooks.healthy(worker));
    hooks.begin(worker);
    hooks.commit(worker);
    hooks.rollback(worker);
    hooks.reset(worker);
    hooks.retire(worker);
    CHECK(worker.log == "my begin my commit my rollback my reset my retire ");
}

TEST_CASE("a hook replaces the trait of its own name only") {
    const auto hooks = with_traits<with_all>({.reset = [](with_all& worker) { worker.log += "my reset "; }});
    with_all worker;
    hooks.begin(worker);
    hooks.reset(worker);
    CHECK(worker.log == "begin my reset ");
}

TEST_CASE("traits may leave out what the type has no use for") {
    const auto hooks = with_traits<with_reset_only>({});
    CHECK(hooks.reset);
    CHECK_FALSE(hooks.healthy);
    CHECK_FALSE(hooks.retire);
    CHECK_FALSE(hooks.begin);
}
