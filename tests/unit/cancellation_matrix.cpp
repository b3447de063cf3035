// SPDX-License-Identifier: MIT
// Each way for user code to misbehave, met by each way to ask for a worker and each state of a pool: the whole product.
// In all of it no place is lost or won (I1, I4), and nobody pays for a call that never ends but its own thread (I5).
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <iostream>
#include <memory>
#include <ostream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <pooly/pooly.hpp>

#include "support/catch.hpp"
#include "support/check_places.hpp"
#include "support/manual_clock.hpp"
#include "support/unsupervised.hpp"
#include "support/waiting.hpp"

using namespace std::chrono_literals;
using namespace pooly::test;
using pooly::errc;
using pooly::lease;

namespace {

enum class conduct { fine, throws, slow, never_ends };
enum class caller { plain, deadline, stop_requested };
enum class pool_is { idle, exhausted, closing, restarting };

constexpr std::array conducts{conduct::fine, conduct::throws, conduct::slow, conduct::never_ends};
#if defined(__cpp_lib_jthread)
constexpr std::array callers{caller::plain, caller::deadline, caller::stop_requested};
#else
constexpr std::array callers{caller::plain, caller::deadline};
#endif

struct cell {
    conduct creation{}, reset{}, health{}, begin{};
    caller asks{};
    pool_is state{};
    std::size_t number = 0;

    [[nodiscard]] bool nothing_fails() const {
        for (const auto one : {creation, reset, health, begin})
            if (one == conduct::throws || one == conduct::never_ends) return false;
        return true;
    }

    friend std::ostream& operator<<(std::ostream& out, const cell& one) {
        constexpr std::array conduct_names{"fine", "throws", "slow", "never ends"};
        constexpr std::array caller_names{"plain", "deadline", "stop requested"};
        constexpr std::array state_names{"idle", "exhausted", "closing", "restarting"};
        const auto name = [&](conduct how) { return conduct_names.at(static_cast<std::size_t>(how)); };
        return out << "creation " << name(one.creation) << ", reset " << name(one.reset) << ", health "
                   << name(one.health) << ", begin " << name(one.begin) << ", caller "
                   << caller_names.at(static_cast<std::size_t>(one.asks)) << ", pool "
                   << state_names.at(static_cast<std::size_t>(one.state));
    }
};

/// What user code throws here.
class mishap : public std::runtime_error {
    using runtime_error::runtime_error;
};

/// Misbehaves only in threads that are marked, so that there are others whom it must not concern.
thread_local bool misbehaves = false;

/// The user code of one cell, and what it has seen.
class scene {
public:
    explicit scene(const cell& how) : how_{how} {}

    std::atomic<int> at_slow{0};   // so many stand in slow code
    std::atomic<int> at_never{0};  // so many in code that never ends
    std::atomic<int> entered{0};   // calls of the factory
    std::atomic<int> made{0}, destroyed{0};
    std::atomic<int> most{0};    // workers, with those in the making
    std::atomic<int> shared{0};  // a worker was in two hands
    std::atomic<bool> goes_on{false};
    std::atomic<bool> ends{false};

    void creation() {
        ++entered;
        const int now = ++there_;
        int before = most;
        while (now > before && !most.compare_exchange_weak(before, now)) {
        }
        try {
            behave(how_.creation, &left_creation_late_);
        } catch (...) {
            --there_;
            throw;
        }
        ++made;
    }
    void destruction() {
        --there_;
        ++destroyed;
    }
    void reset() { behave(how_.reset); }
    [[nodiscard]] bool health() { return behave(how_.health), true; }
    void begin() { behave(how_.begin); }
    /// What a consumer does with its worker takes until the slow go on.
    void work() { behave(conduct::slow); }
    void retire() {
        if (holds_up_) behave(conduct::slow);
    }

    static void set(std::atomic<bool>& flag) {
        flag = true;
        flag.notify_all();
    }

    /// Whether this thread was in the factory until after the slow went on.
    [[nodiscard]] static bool made_late() { return left_creation_late_; }
    static void begin_role(bool holds_up) {
        misbehaves = true;
        holds_up_ = holds_up;
        left_creation_late_ = false;
    }

private:
    void behave(conduct how, bool* late = nullptr) {
        if (!misbehaves) return;
        if (how == conduct::throws) throw mishap{"as told"};
        if (how == conduct::slow && !goes_on) {
            ++at_slow;
            goes_on.wait(false);
            if (late != nullptr) *late = true;
        }
        if (how == conduct::never_ends) {
            ++at_never;
            ends.wait(false);
        }
    }

    static inline thread_local bool left_creation_late_ = false;
    static inline thread_local bool holds_up_ = false;

    const cell how_;
    std::atomic<int> there_{0};
};

/// Counted, and lent to one at a time.
class actor {
public:
    explicit actor(scene& in) : in_{&in} { in.creation(); }
    actor(const actor&) = delete;
    actor& operator=(const actor&) = delete;
    ~actor() { in_->destruction(); }

    void use() {
        if (used_.exchange(true)) ++in_->shared;
        in_->work();
        used_ = false;
    }

private:
    scene* in_;
    std::atomic<bool> used_{false};
};

using actors = pooly::pool<actor, manual_clock>;

/// How a consumer fared.
enum class end { served, timeout, cancelled, closed, create_failed, own_hook, other };

[[nodiscard]] end end_of(std::error_code code) {
    if (code == errc::timeout) return end::timeout;
    if (code == errc::cancelled) return end::cancelled;
    if (code == errc::closed) return end::closed;
    return code == errc::create_failed ? end::create_failed : end::other;
}

/// Somebody with a thread of his own, in which user code misbehaves.
struct extra {
    std::atomic<bool> done{false};
    end how{};
    bool made_late = false;
    std::thread thread;
};

/// One cell, from the first act to the count of all that is left.
class play {
public:
    explicit play(const cell& how) : how_{how}, in_{how}, db_{open()} {}
    play(const play&) = delete;
    play& operator=(const play&) = delete;
    ~play() {
        scene::set(in_.goes_on);
        scene::set(in_.ends);
        for (auto& one : cast_)
            if (one->thread.joinable()) one->thread.join();
    }

    void run() {
        enter();
        disturb();
        go_on();
        count_what_is_left();
    }

private:
    static constexpr std::size_t size = 4, places = 5;
    static constexpr auto patience = 10s;  // on a clock that the test moves

    [[nodiscard]] std::unique_ptr<actors> open() {
        constexpr std::array orders{pooly::idle_order::affine, pooly::idle_order::lifo, pooly::idle_order::fifo};
        pooly::worker_hooks<actor> hooks;
        hooks.healthy = [this](actor&) { return in_.health(); };
        hooks.reset = [this](actor&) { in_.reset(); };
        hooks.retire = [this](actor&) { in_.retire(); };
        hooks.begin = [this](actor&) { in_.begin(); };
        auto options = unsupervised({.size = size,
                                     .max_overflow = places - size,
                                     .start = pooly::start_mode::lazy,
                                     .order = orders.at(how_.number % orders.size()),
                                     .check_after_idle = 0s});
        options.max_connecting = places;
        return std::make_unique<actors>([this] { return actor{in_}; }, options, std::move(hooks));
    }

    // The cast. -------------------------------------------------------------------------------------------------------

    void send(bool holds_up, std::function<end()> act) {
        cast_.push_back(std::make_unique<extra>());
        auto& self = *cast_.back();
        self.thread = std::thread{[&self, holds_up, act = std::move(act)] {
            scene::begin_role(holds_up);
            try {
                self.how = act();
            } catch (const mishap&) {
                self.how = end::own_hook;
            } catch (const pooly::pool_error& refused) {
                self.how = end_of(refused.code());
            }
            self.made_late = scene::made_late();
            self.done = true;
        }};
        await();
    }
    void send_consumer() {
        send(false, [this] {
            if (how_.asks == caller::plain)
                use(pooly::transaction_guard<actor>{db_->checkout_for(std::chrono::nanoseconds::max())});
            else
                use(pooly::transaction_guard<actor>{ask_bounded()});
            return end::served;
        });
    }
    [[nodiscard]] lease<actor> ask_bounded() {
#if defined(__cpp_lib_jthread)
        if (how_.asks == caller::stop_requested) return db_->checkout_for(24h, stop_.get_token());
#endif
        return db_->checkout_for(patience);
    }
    static void use(pooly::transaction_guard<actor> open) {
        open->use();
        open.commit();
    }

    [[nodiscard]] std::size_t done() const {
        std::size_t count = 0;
        for (const auto& one : cast_) count += one->done ? 1U : 0U;
        return count;
    }
    /// Returns when each of them is through, or stands in user code, or is queued.
    void await() {
        wait_until([this] {
            const auto standing = in_.at_never + (in_.goes_on ? 0 : in_.at_slow.load());
            return done() + static_cast<std::size_t>(in_.ends ? 0 : standing) + db_->status().waiting == cast_.size();
        });
    }

    // The acts. -------------------------------------------------------------------------------------------------------

    /// Two consumers, of whom one finds an idle worker and the other an empty place, or both find nothing; and somebody
    /// who gives a worker back.
    void enter() {
        const bool exhausted = how_.state == pool_is::exhausted;
        while (held_.size() < (exhausted ? places : 3)) held_.push_back(db_->checkout());
        auto returned = std::make_shared<lease<actor>>(std::move(held_.back()));
        held_.pop_back();
        if (!exhausted) held_.pop_back();
        send_consumer();
        send_consumer();
        send(false, [returned] { return returned->checkin(), end::served; });
        if (!exhausted) return;
        held_.back().discard();
        held_.pop_back();
        await();
    }

    /// All that may come between.
    void disturb() {
        if (how_.state != pool_is::exhausted) held_.clear();  // one is idle, and holds up who closes or restarts
        if (how_.state == pool_is::closing) {
            send(true, [this] { return db_->close(), end::served; });
            entered_before_end_ = in_.entered;
        }
        if (how_.state == pool_is::restarting) send(true, [this] { return db_->restart(), end::served; });
        if (how_.state == pool_is::closing || how_.state == pool_is::restarting) send_consumer();
        if (how_.asks == caller::deadline) manual_clock::advance(patience);
#if defined(__cpp_lib_jthread)
        stop_.request_stop();
#endif
        if (how_.asks != caller::plain) wait_until([this] { return db_->status().waiting == 0; });  // told in time (I6)
        await();
    }

    /// What is slow is through. What never ends keeps its place and its thread, and nobody else's.
    void go_on() {
        scene::set(in_.goes_on);
        await();
        held_.clear();
        await();
        CHECK(db_->status().waiting == 0);
        CHECK(done() + static_cast<std::size_t>(in_.at_never) == cast_.size());
        if (how_.state == pool_is::closing)
            CHECK(db_->try_checkout().error() == errc::closed);
        else
            CHECK(take_all() + static_cast<std::size_t>(in_.at_never) == places);  // I4, I8
        scene::set(in_.ends);
        await();
        for (auto& one : cast_) one->thread.join();
    }
    [[nodiscard]] std::size_t take_all() {
        std::vector<lease<actor>> out;
        while (auto one = db_->try_checkout()) out.push_back(std::move(one).value());
        return out.size();
    }

    // The count. ------------------------------------------------------------------------------------------------------

    void count_what_is_left() {
        for (const auto& one : cast_) judge(*one);
        CHECK(db_->drain_for(0s) == 0);
        const auto seen = db_->status();
        CHECK(seen.live == seen.idle);
        CHECK(seen.overflow == 0);
        CHECK(seen.waiting == 0);
        CHECK(in_.made - in_.destroyed == static_cast<int>(seen.live));
        if (how_.state == pool_is::closing)
            CHECK(in_.entered == entered_before_end_);  // I9
        else
            check_places(*db_, places);
        db_.reset();
        CHECK(in_.made == in_.destroyed);
        CHECK(in_.most <= static_cast<int>(places));  // I1
        CHECK(in_.shared == 0);                       // I2
    }

    /// Everybody was told what can have happened to him, and nothing else.
    void judge(const extra& one) const {
        CAPTURE(one.how);
        switch (one.how) {
            case end::served: CHECK_FALSE((one.made_late && comes_too_late() && is_consumer(one))); break;
            case end::timeout: CHECK(how_.asks == caller::deadline); break;
            case end::cancelled: CHECK(how_.asks == caller::stop_requested); break;
            case end::closed: CHECK(how_.state == pool_is::closing); break;
            case end::create_failed: CHECK(how_.creation == conduct::throws); break;
            case end::own_hook: CHECK((how_.begin == conduct::throws || how_.creation == conduct::throws)); break;
            case end::other: FAIL_CHECK("refused for another reason"); break;
        }
        const bool must_be_served =
            how_.nothing_fails() && how_.asks == caller::plain && how_.state != pool_is::closing;
        if (must_be_served) CHECK(one.how == end::served);
    }
    [[nodiscard]] bool comes_too_late() const { return how_.asks != caller::plain || how_.state == pool_is::closing; }
    [[nodiscard]] bool is_consumer(const extra& one) const { return &one == cast_[0].get() || &one == cast_[1].get(); }

    const cell how_;
    scene in_;
    std::unique_ptr<actors> db_;
    std::vector<lease<actor>> held_;
#if defined(__cpp_lib_jthread)
    std::stop_source stop_;
#endif
    std::vector<std::unique_ptr<extra>> cast_;
    int entered_before_end_ = 0;
};

void play_all(pool_is state) {
    std::size_t cells = 0;
    for (const auto creation : conducts)
        for (const auto reset : conducts)
            for (const auto health : conducts)
                for (const auto begin : conducts)
                    for (const auto asks : callers) {
                        const cell how{creation, reset, health, begin, asks, state, cells++};
                        CAPTURE(how);
                        play{how}.run();
                    }
    std::cout << "cancellation matrix: " << cells << " cells" << std::endl;
}

}  // namespace

TEST_CASE("matrix: whatever user code does in an idle pool, no place and nobody is lost") { play_all(pool_is::idle); }

TEST_CASE("matrix: whatever user code does in an exhausted pool, no place and nobody is lost") {
    play_all(pool_is::exhausted);
}

TEST_CASE("matrix: whatever user code does while a pool is closed, nobody is lost and nothing is left") {
    play_all(pool_is::closing);
}

TEST_CASE("matrix: whatever user code does while a pool is restarted, no place and nobody is lost") {
    play_all(pool_is::restarting);
}
