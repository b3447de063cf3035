// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <pooly/pooly.hpp>

#include "support/counted_pool.hpp"
#include "support/manual_clock.hpp"
#include "support/pool_model.hpp"
#include "support/queued_consumer.hpp"
#include "support/seed.hpp"
#include "support/watched.hpp"

namespace pooly::test {

using namespace std::chrono_literals;

/// What the factory throws.
class bad_luck : public std::runtime_error {
    using runtime_error::runtime_error;
};

/// Where the workers of one sequence come from. The n-th call of the factory makes number n, or throws: one in ten,
/// by the seed and n alone, so that the model knows it too.
class stage {
public:
    explicit stage(std::uint64_t seed) : seed_{seed} {}

    std::atomic<bool> sunny{true};  // the factory never fails

    void let_die(const std::set<int>& numbers) {
        const std::lock_guard guard{mutex_};
        dead_ = numbers;
    }
    [[nodiscard]] bool is_dead(int number) const {
        const std::lock_guard guard{mutex_};
        return dead_.contains(number);
    }

    [[nodiscard]] bool fails(int call) const {
        return !sunny && mixed(seed_, static_cast<std::uint64_t>(call)) % 10 == 0;
    }
    [[nodiscard]] int enter() {
        const int call = ++calls_;
        if (fails(call)) throw bad_luck{"one in ten"};
        const std::lock_guard guard{mutex_};
        alive_.insert(call);
        return call;
    }
    void leave(int number) {
        const std::lock_guard guard{mutex_};
        alive_.erase(number);
    }
    [[nodiscard]] std::size_t population() const {
        const std::lock_guard guard{mutex_};
        return alive_.size();
    }
    /// Those of these that are alive no more.
    [[nodiscard]] std::set<int> missing(const std::vector<int>& numbers) const {
        const std::lock_guard guard{mutex_};
        std::set<int> gone;
        for (const int number : numbers)
            if (!alive_.contains(number)) gone.insert(number);
        return gone;
    }

private:
    const std::uint64_t seed_;
    std::atomic<int> calls_{0};
    mutable std::mutex mutex_;
    std::set<int> alive_;
    std::set<int> dead_;  // alive, but their health check says no
};

/// A worker. Moved from, it is nobody, and alive is what it was moved to.
class player {
public:
    explicit player(stage& on) : on_{&on}, number_{on.enter()} {}
    player(player&& other) noexcept
        : spoilt{other.spoilt}, on_{std::exchange(other.on_, nullptr)}, number_{other.number_} {}
    player& operator=(player&&) = delete;
    ~player() {
        if (on_ != nullptr) on_->leave(number_);
    }

    [[nodiscard]] int number() const { return number_; }

    bool spoilt = false;  // its reset throws

private:
    stage* on_;
    int number_;
};

struct setting {
    pool_options options;
    bool hooks = false;
    std::size_t waiters = 0;  // at most, at a time
    std::size_t steps = 0;
    bool crowded = false;  // many more check-outs than check-ins at first
};

/// Under a watchdog by hand, which calls the factory once at a time.
inline void linger(pool_options& options) {
    options.overflow_linger = 700us;
    options.start = start_mode::eager;
    options.max_connecting = 1;
    options.watchdog = watchdog_by_hand();
}

[[nodiscard]] inline std::string to_text(const pool_status& seen) {
    std::ostringstream out;
    out << to_string(seen.state) << ": " << seen.idle << " idle, " << seen.in_use << " in use, " << seen.making
        << " making, " << seen.checking << " checking, " << seen.retiring << " retiring, " << seen.live << " live, "
        << seen.overflow << " overflow, " << seen.waiting << " waiting";
    return std::move(out).str();
}

[[nodiscard]] inline std::array<std::uint64_t, 9> what_became_of_workers(const pool_stats& seen) {
    return {seen.checkouts, seen.created,   seen.create_failures, seen.destroyed, seen.dismissed,
            seen.discarded, seen.unhealthy, seen.reset_failures,  seen.detached};
}

/// The pool did what the model would not.
class disagreement : public std::runtime_error {
    using runtime_error::runtime_error;
};

/// One sequence: `Dice` says what is done next, at random or from a file.
template <class Clock, class Dice = dice>
class rehearsal {
public:
    /// The seed says which calls of the factory fail.
    rehearsal(std::uint64_t seed, const setting& how, Dice roll)
        : how_{how},
          roll_{std::move(roll)},
          stage_{seed},
          db_{std::make_unique<pool<player, Clock>>([this] { return player{stage_}; }, how.options, hooks())},
          model_{how.options, [this](int call) { return stage_.fails(call); }, now()} {
        stage_.sunny = false;
        log_ << "size " << how.options.size << " + " << how.options.max_overflow << ", "
             << policy{how.options.order, how.options.fairness} << (how.hooks ? ", hooks" : "")
             << (how.options.start == start_mode::lazy ? ", lazy" : "")
             << (how.options.overflow_linger > 0ns ? ", lingering" : "") << ", max_waiters " << how.options.max_waiters;
        compare();
    }

    void play() {
        for (std::size_t step = 0; step < how_.steps; ++step) {
            if constexpr (requires { roll_.has_run_dry(); })
                if (roll_.has_run_dry()) break;
            one_step(step);
            compare();
        }
        finale();
    }

    [[nodiscard]] std::string log() const { return log_.str(); }

private:
    using consumer = queued_consumer<player, Clock>;

    struct waiting {
        std::unique_ptr<consumer> who;
        std::chrono::nanoseconds deadline{};
    };

    [[nodiscard]] worker_hooks<player> hooks() {
        if (!how_.hooks) return {};
        return {.healthy = [this](player& one) { return !stage_.is_dead(one.number()); },
                .reset =
                    [](player& one) {
                        if (one.spoilt) throw std::runtime_error{"cannot be reset"};
                    }};
    }

    std::ostringstream& say(const char* verb) {
        log_ << "\n  " << verb;
        return log_;
    }
    [[noreturn]] void disagree(const std::string& what) const { throw disagreement{what}; }
    void expect(bool fact, const char* what) const {
        if (!fact) disagree(what);
    }
    void expect_code(errc expected, const std::error_code& got) const {
        if (got != expected)
            disagree("refused with '" + got.message() + "' where it should be '" + make_error_code(expected).message() +
                     "'");
    }

    void one_step(std::size_t step) {
        const auto verb = roll_(100);
        if (how_.crowded && step < how_.steps / 2 && verb < 60) return try_checkout();
        if (verb < 22) return try_checkout();
        if (verb < 28) return checkout_with_zero_timeout();
        if (verb < 40) return queue_or_take();
        if (verb < 60) return check_in();
        if (verb < 67) return discard();
        if (verb < 71) return kill_idle();
        if (verb < 74) return detach();
        if (verb < 77) return transaction();
        if (verb < 82) return cancel();
        if (verb < 86) return let_time_pass();
        if (verb < 90) return suspend_or_resume();
        if (verb < 94) return resize();
        if (verb < 96) return restart();
        if (verb < 98) return prewarm();
        if (verb < 99) return drain();
        if (roll_.one_in(4)) close();
    }

    // Borrowing. ------------------------------------------------------------------------------------------------------

    /// What a check-out came to, against what it must come to. Keeps the worker.
    void take(pool_model::answer allowed, checkout_result<player> got) {
        if (!got) {
            log_ << " -> " << got.error().message();
            if (allowed.refusal == errc{}) disagree("refused, but a worker should have been lent");
            return expect_code(allowed.refusal, got.error());
        }
        keep(std::move(got).value());
        const int number = held_.back()->number();
        log_ << " -> worker " << number;
        expect(allowed.refusal == errc{}, "lent, but it should have been refused");
        expect(std::count(allowed.one_of.begin(), allowed.one_of.end(), number) == 1, "lent the wrong worker");
        model_.lent(number);
    }
    void keep(lease<player> one) {
        expect(!stage_.is_dead(one->number()), "lent a dead worker");
        for (const auto& other : held_) expect(other->number() != one->number(), "lent a worker twice");
        held_.push_back(std::move(one));
    }

    void try_checkout() {
        say("try_checkout");
        take(model_.ask(), db_->try_checkout());
    }

    void checkout_with_zero_timeout() {
        say("try_checkout_for(<= 0)");
        auto allowed = model_.ask();
        if (allowed.refusal == errc::full) allowed.refusal = errc::timeout;
        take(std::move(allowed), db_->try_checkout_for(roll_.one_in(2) ? 0ns : -1ns));
    }

    /// Only as many wait as there may; where the model says that nobody needs to, the main thread asks.
    void queue_or_take() {
        if (how_.waiters == 0) return try_checkout();
        if (waiting_.size() >= how_.waiters) return check_in();
        say("try_checkout_for(long)");
        const int waiter = ++last_waiter_;
        if (auto at_once = model_.ask_or_queue(waiter)) return take(std::move(*at_once), db_->try_checkout_for(1h));
        const auto timeout = std::chrono::microseconds{1 + roll_(3000)};
        log_ << " -> waiter " << waiter << " queues";
        // Time passes by itself on a real clock; there nobody's runs out.
        const bool timed = std::is_same_v<Clock, manual_clock>;
        waiting_[waiter] = {std::make_unique<consumer>(*db_, timed ? std::chrono::nanoseconds{timeout} : 1h),
                            now() + timeout};
    }

    /// The health check fails for one idle worker or for all; somebody asks for one.
    void kill_idle() {
        if (model_.idle().empty() || model_.status().state != pool_state::ready) return try_checkout();
        if (!how_.hooks) {
            try_checkout();
            return discard();
        }
        std::set<int> dead{model_.idle().begin(), model_.idle().end()};
        const bool all = roll_.one_in(2);
        if (!all) dead = {model_.idle()[roll_(model_.idle().size())]};
        say("idle workers die:");
        for (const int number : dead) log_ << ' ' << number;
        log_ << "; try_checkout";
        stage_.let_die(dead);
        auto got = db_->try_checkout();
        const auto gone = stage_.missing(model_.idle());
        if (how_.options.order == idle_order::affine && !all)
            expect(std::includes(dead.begin(), dead.end(), gone.begin(), gone.end()),
                   "destroyed a worker that was well");
        else
            expect(gone == model_.met_by_one_who_asks(dead), "destroyed other workers than the dead ones in its way");
        for (const int number : gone) model_.found_dead(number);
        auto allowed = model_.ask();
        take(std::move(allowed), std::move(got));
        stage_.let_die({});
    }

    void transaction() {
        say("transaction, timeout 0");
        auto allowed = model_.ask();
        if (allowed.refusal == errc::full) allowed.refusal = errc::timeout;
        const bool throws = roll_.one_in(2);
        int number = 0;
        try {
            db_->transaction(
                [&](player& one) {
                    number = one.number();
                    if (throws) throw disagreement{"no: the transaction's own"};
                },
                0ns);
            expect(!throws, "the exception of a transaction was lost");
        } catch (const disagreement&) {
            expect(throws && number != 0, "a transaction threw what it should not");
        } catch (const pool_error& refused) {
            log_ << " -> " << refused.code().message();
            return expect_code(allowed.refusal, refused.code());
        }
        log_ << " -> worker " << number;
        expect(allowed.refusal == errc{}, "lent, but it should have been refused");
        expect(std::count(allowed.one_of.begin(), allowed.one_of.end(), number) == 1, "lent the wrong worker");
        model_.lent(number);
        hear(model_.check_in(number));
    }

    // Coming home. ----------------------------------------------------------------------------------------------------

    /// One of the leases, and out of the list with it.
    [[nodiscard]] std::optional<lease<player>> any_lease(const char* verb) {
        if (held_.empty()) return std::nullopt;
        const auto which = static_cast<std::ptrdiff_t>(roll_(held_.size()));
        auto one = std::move(held_[static_cast<std::size_t>(which)]);
        held_.erase(held_.begin() + which);
        say(verb) << " worker " << one->number();
        return one;
    }

    void check_in() {
        const bool spoilt = how_.hooks && roll_.one_in(10);
        auto one = any_lease(spoilt ? "checkin, reset throws," : "checkin");
        if (!one) return;
        const int number = (*one)->number();
        (*one)->spoilt = spoilt;
        one->checkin();
        if (roll_.one_in(8)) one->checkin();  // rule 9
        hear(spoilt ? model_.fail_reset(number) : model_.check_in(number));
    }
    void discard() {
        auto one = any_lease("discard");
        if (!one) return;
        const int number = (*one)->number();
        one->discard();
        hear(model_.discard(number));
    }
    void detach() {
        auto one = any_lease("detach");
        if (!one) return;
        const int number = (*one)->number();
        expect(one->detach().number() == number, "detached another worker");
        hear(model_.detach(number));
    }

    // Waiting. --------------------------------------------------------------------------------------------------------

    void cancel() {
        if (waiting_.empty()) return discard();
#if defined(__cpp_lib_jthread)
        auto one = waiting_.begin();
        std::advance(one, static_cast<std::ptrdiff_t>(roll_(waiting_.size())));
        say("cancel waiter ") << one->first;
        one->second.who->cancel();
        expect_code(model_.cancel(one->first), one->second.who->answer().error());
        waiting_.erase(one);
#endif
    }

    void let_time_pass() {
        if constexpr (std::is_same_v<Clock, manual_clock>) {
            auto by = std::chrono::microseconds{1 + roll_(1000)};
            if (roll_.one_in(8)) by *= 100;
            say("time passes: ") << by.count() << " us";
            manual_clock::advance(by);
            model_.now(now());
            for (auto one = waiting_.begin(); one != waiting_.end();) {
                if (one->second.deadline > now()) {
                    ++one;
                    continue;
                }
                log_ << "; the time of waiter " << one->first << " is up";
                expect_code(model_.time_out(one->first), one->second.who->answer().error());
                one = waiting_.erase(one);
            }
            if (how_.options.watchdog) sweep();
        } else {
            queue_or_take();
        }
    }

    /// The watchdog dismisses who has lingered, and makes what is missing.
    void sweep() {
        log_ << "; the watchdog comes by";
        how_.options.watchdog->sweep();
        const auto weary = model_.weary();
        const auto gone = stage_.missing(model_.idle());
        expect(std::includes(weary.one_of.begin(), weary.one_of.end(), gone.begin(), gone.end()),
               "dismissed one that has not lingered for long enough");
        expect(gone.size() == weary.count, "dismissed more or fewer than have lingered for long enough");
        for (const int number : gone) model_.dismissed(number);
        model_.make_missing();
    }
    [[nodiscard]] static std::chrono::nanoseconds now() { return Clock::now().time_since_epoch(); }

    /// Those who wait have been told this, and the others nothing.
    void hear(const pool_model::news& news) {
        std::multiset<int> workers;
        std::size_t from_idle = 0;
        std::vector<errc> refusals = news.refusals;
        for (const int waiter : news.told) {
            auto& got = waiting_.at(waiter).who->answer();
            log_ << "; waiter " << waiter << " -> ";
            if (!got) {
                log_ << got.error().message();
                const auto known =
                    std::find_if(refusals.begin(), refusals.end(), [&](errc code) { return got.error() == code; });
                expect(known != refusals.end(), "a waiter was refused");
                refusals.erase(known);
            } else {
                keep(std::move(got).value());
                const int number = held_.back()->number();
                log_ << "worker " << number;
                const auto& idle = model_.idle();
                if (std::count(idle.begin(), idle.end(), number) > 0) {
                    const auto allowed = model_.ask();
                    expect(std::count(allowed.one_of.begin(), allowed.one_of.end(), number) == 1,
                           "a waiter got the wrong worker");
                    model_.lent(number);
                    ++from_idle;
                } else {
                    workers.insert(number);
                }
            }
            waiting_.erase(waiter);
        }
        expect(refusals.empty(), "a waiter got a worker instead of a refusal");
        expect(workers == std::multiset<int>(news.workers.begin(), news.workers.end()), "waiters got other workers");
        expect(from_idle == news.any_idle, "waiters got idle workers, or got none");
    }

    // Control. --------------------------------------------------------------------------------------------------------

    void suspend_or_resume() {
        if (model_.status().state == pool_state::suspended || roll_.one_in(4)) {
            say("resume");
            db_->resume();
            hear(model_.resume());
        } else {
            say("suspend");
            db_->suspend();
            model_.suspend();
        }
    }

    void resize() {
        auto size = how_.crowded ? 80 + roll_(60) : roll_(6);
        const auto max_overflow = roll_(4);
        // Waiters and this thread must not make workers at the same time: nobody could tell whose call was which.
        if (!waiting_.empty() && how_.options.start == start_mode::eager) size = std::min(size, model_.options().size);
        say("resize ") << size << " + " << max_overflow;
        const bool threw = factory_throws([&] { db_->resize(size, max_overflow); });
        hear(model_.resize(size, max_overflow));
        const auto surplus = model_.surplus_idle();
        const auto gone = stage_.missing(model_.idle());
        expect(gone.size() == surplus, "dismissed more or fewer than are surplus");
        for (const int number : gone) model_.dismissed(number);
        expect(threw == model_.fill_after_resize().threw, "the factory's exception was lost, or came from nowhere");
    }

    template <class Verb>
    [[nodiscard]] static bool factory_throws(Verb&& verb) {
        try {
            verb();
        } catch (const bad_luck&) {
            return true;
        }
        return false;
    }
    void restart() {
        say("restart");
        expect(factory_throws([&] { db_->restart(); }) == model_.restart().threw,
               "the factory's exception was lost, or came from nowhere");
    }
    void prewarm() {
        say("prewarm");
        std::size_t made = 0;
        const bool threw = factory_throws([&] { made = db_->prewarm(); });
        const auto expected = model_.prewarm();
        expect(threw == expected.threw, "the factory's exception was lost, or came from nowhere");
        expect(threw || made == expected.made, "prewarm miscounted");
    }
    void drain() {
        say("drain_for(0)");
        expect(db_->drain_for(0s) == model_.status().in_use, "drain miscounted");
    }
    void close() {
        say("close");
        db_->close();
        hear(model_.close());
    }

    // Looking. --------------------------------------------------------------------------------------------------------

    void compare() const {
        for (const auto& [waiter, one] : waiting_)
            if (one.who->has_answer()) disagree("waiter " + std::to_string(waiter) + " was told something");
        const auto expected = model_.status();
        const auto seen = db_->status();
        if (seen != expected) disagree("status is\n    " + to_text(seen) + ", it should be\n    " + to_text(expected));
        expect(stage_.population() == expected.live, "more or fewer workers are alive than the pool says");
    }

    /// The counters only grow, so it is enough to look at them once.
    void compare_counters() const {
        expect(what_became_of_workers(db_->stats()) == what_became_of_workers(model_.stats()), "stats are wrong");
    }

    /// All leases come home, some of them after the pool is gone.
    void finale() {
        while (!held_.empty() && !roll_.one_in(8)) {
            check_in();
            compare();
        }
        close();
        compare();
        compare_counters();
        db_.reset();
        expect(stage_.population() == held_.size(), "workers outlive the pool that nobody holds");
        held_.clear();
        expect(stage_.population() == 0, "workers outlive their pool and their leases");
    }

    const setting how_;
    Dice roll_;
    stage stage_;
    std::ostringstream log_;
    std::unique_ptr<pool<player, Clock>> db_;
    pool_model model_;
    std::vector<lease<player>> held_;
    std::map<int, waiting> waiting_;
    int last_waiter_ = 0;
};

}  // namespace pooly::test
