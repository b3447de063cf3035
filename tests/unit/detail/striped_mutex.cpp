// SPDX-License-Identifier: MIT
#include <pooly/detail/striped_mutex.hpp>

#include <atomic>
#include <future>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/waiting.hpp"

using pooly::detail::striped_mutex;
using pooly::test::elsewhere;

namespace {

using writing = std::unique_lock<striped_mutex>;
using reading = std::shared_lock<striped_mutex>;

/// More than there are stripes, so that some share one.
constexpr int many = 20;

}  // namespace

TEST_CASE("a writer keeps out every reader and every other writer") {
    striped_mutex lock;
    std::atomic<int> inside{0};
    std::vector<std::future<void>> others;
    {
        const writing mine{lock};
        for (int i = 0; i < many; ++i)
            others.push_back(elsewhere([&] {
                const reading theirs{lock};
                ++inside;
            }));
        others.push_back(elsewhere([&] {
            const writing theirs{lock};
            ++inside;
        }));
        for (int i = 0; i < 100; ++i) std::this_thread::yield();
        CHECK(inside == 0);
    }
    for (auto& one : others) one.get();
    CHECK(inside == many + 1);
}

TEST_CASE("a reader keeps out a writer") {
    striped_mutex lock;
    std::atomic<bool> inside{false};
    std::future<void> other;
    {
        const reading mine{lock};
        other = elsewhere([&] {
            const writing theirs{lock};
            inside = true;
        });
        for (int i = 0; i < 100; ++i) std::this_thread::yield();
        CHECK_FALSE(inside);
    }
    other.get();
    CHECK(inside);
}

TEST_CASE("readers of two threads that came one after the other do not keep each other out") {
    striped_mutex lock;
    elsewhere([&] {
        const reading first{lock};
        elsewhere([&] { const reading second{lock}; }).get();
    }).get();
}

TEST_CASE("what is written under it is read under it") {
    striped_mutex lock;
    int twin = 0;
    int brother = 0;
    std::vector<std::future<int>> all;
    for (int i = 0; i < 4; ++i)
        all.push_back(elsewhere([&, i] {
            int torn = 0;
            for (int round = 0; round < 500; ++round) {
                if (i == 0) {
                    const writing mine{lock};
                    ++twin;
                    ++brother;
                } else {
                    const reading mine{lock};
                    if (twin != brother) ++torn;
                }
            }
            return torn;
        }));
    for (auto& one : all) CHECK(one.get() == 0);
    CHECK(twin == 500);
}
