// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <pooly/call_site.hpp>
#include <pooly/create_context.hpp>
#include <pooly/detail/atomic_histogram.hpp>
#include <pooly/detail/attention.hpp>
#include <pooly/detail/backoff.hpp>
#include <pooly/detail/care.hpp>
#include <pooly/detail/clock_source.hpp>
#include <pooly/detail/coarse_tick.hpp>
#include <pooly/detail/control_block.hpp>
#include <pooly/detail/control_handle.hpp>
#include <pooly/detail/errand.hpp>
#include <pooly/detail/failure_report.hpp>
#include <pooly/detail/idle_index.hpp>
#include <pooly/detail/idle_list.hpp>
#include <pooly/detail/obituary.hpp>
#include <pooly/detail/outage_governor.hpp>
#include <pooly/detail/patrol.hpp>
#include <pooly/detail/process.hpp>
#include <pooly/detail/request.hpp>
#include <pooly/detail/restart_intensity.hpp>
#include <pooly/detail/sizing.hpp>
#include <pooly/detail/slot.hpp>
#include <pooly/detail/slot_array.hpp>
#include <pooly/detail/thread_card.hpp>
#include <pooly/detail/waiter.hpp>
#include <pooly/detail/waiter_queue.hpp>
#include <pooly/detail/wake_list.hpp>
#include <pooly/detail/worker_source.hpp>
#include <pooly/error.hpp>
#include <pooly/pool_options.hpp>
#include <pooly/pool_stats.hpp>
#include <pooly/pool_status.hpp>

namespace pooly::detail {

/// The pool in whose errand this thread is.
[[gnu::visibility("default")]] inline thread_local constinit const pool_core* errand_of_this_thread = nullptr;

/// The engine. It knows slots, waiters and rules, not the type of a worker; user code is behind `worker_source`, the
/// clock behind `clock_source`. It lives until its pool and the last of its leases are gone (I7).
///
/// Lock contract: `mutex()` guards every member but the slots' words, the attention word and the histograms. It is
/// never held while user code runs (I5; the clock is not user code) or somebody is woken. A slot that is making,
/// in_use, checking or retiring belongs to one thread, needs no lock, and keeps the core alive; after its last unlock
/// with no slot in hand a function does not touch the core again.
class pool_core {
public:
    pool_core(const pool_options& options, const worker_layout& layout, const clock_source& clock,
              std::unique_ptr<worker_source> source);
    pool_core(const pool_core&) = delete;
    pool_core& operator=(const pool_core&) = delete;

    [[nodiscard]] control_block& control() const noexcept { return *control_; }
    [[nodiscard]] worker_source& source() const noexcept { return *source_; }
    [[nodiscard]] const clock_source& clock() const noexcept { return clock_; }
    [[nodiscard]] std::chrono::nanoseconds default_timeout() const noexcept { return options_.checkout_timeout; }

    /// Whether this process is a child of the one that made the pool. Then locks may be held by threads that are not
    /// here, and the workers are the parent's: nothing is touched, and nothing is freed.
    [[nodiscard]] bool forked() const noexcept {
        // relaxed: set before the child's first step
        return (control_->attention.load(std::memory_order_relaxed) & attention::forked) != 0;
    }

    // Lending: pool_core_lend.hpp
    [[nodiscard]] grant acquire(request& ask);

    // Coming home: pool_core_return.hpp. The caller owns `place` and gives it up.
    void check_in(slot& place) noexcept;
    void discard(slot& place, events::death reason, std::exception_ptr cause) noexcept;
    void release_detached(slot& place) noexcept;
    void note_hold(std::chrono::nanoseconds held) noexcept { hold_.record(held); }
    /// For one who has returned a worker on the fast path and then found the attention word set. `lock` is held.
    void look_after(slot& place, std::unique_lock<std::mutex> lock) noexcept;

    // Control: pool_core_control.hpp
    void start();
    void close() noexcept;
    /// The pool is gone: the last lease home frees the core, or this call if none is out. Blocks: for user code that
    /// the watchdog called, at most `check_timeout`.
    void orphan() noexcept;
    std::size_t drain(clock_source::instant until);
    void restart();
    void suspend(bool on) noexcept;
    void resize(const sizing& limits);
    std::size_t prewarm();

    // Under a watchdog: pool_core_inspect.hpp, pool_core_errands.hpp, pool_core_care.hpp
    /// Looks what is due, puts down what is to be done, and returns when to look again. `lock` is held.
    [[nodiscard]] clock_source::instant inspect(std::unique_lock<std::mutex> lock, clock_source::instant now,
                                                errands& out) noexcept;
    void run(const errand& one) noexcept;
    void note_stuck(std::unique_lock<std::mutex> lock, const errand& one, std::chrono::nanoseconds lasted) noexcept;
    [[nodiscard]] std::chrono::nanoseconds patience() const noexcept { return options_.check_timeout; }
    /// From now on the pool is restarted when it has failed, after a backoff.
    void heal_by_itself() noexcept;

    // Looking: pool_core_look.hpp
    [[nodiscard]] pool_status status();
    [[nodiscard]] pool_stats stats();
    [[nodiscard]] std::vector<holder_info> holders();
    [[nodiscard]] pool_options options();
    [[nodiscard]] worker_info papers_of(const slot& place) const noexcept;

private:
    enum class farewell { with_retire, without };
    enum class then { leave_empty, refill };
    static constexpr std::size_t short_walk = 64;  // slots; a longer walk for an idle one makes them scarce
    static constexpr std::chrono::milliseconds demand_look{100};  // how often min_idle is looked after

    ~pool_core() = default;

    [[nodiscard]] std::mutex& mutex() const noexcept { return control_->mutex; }
    [[nodiscard]] void* worker(slot& place) const noexcept { return worker_at(place, layout_.offset); }
    [[nodiscard]] bool is_closed() const noexcept {
        // relaxed: a look ahead, confirmed under the lock
        return (control_->attention.load(std::memory_order_relaxed) & attention::closed) != 0;
    }
    [[nodiscard]] bool holds_back() const noexcept { return suspended_ || draining_ > 0; }
    /// Whether there are events that the watchdog will tell.
    [[nodiscard]] bool news_are_told() const noexcept { return care_ && care_->has_news() && care_->by->goes_round(); }
    [[nodiscard]] std::size_t errands_out() const noexcept { return care_ ? care_->out.size() : 0; }
    [[nodiscard]] bool dozes() const noexcept { return care_ && care_->dozes; }
    /// Whether this thread is the watchdog's, and has no time for more than it was sent for: what is surplus is for
    /// another errand, which then may hang by itself.
    [[nodiscard]] bool on_errand() const noexcept { return errand_of_this_thread == this; }
    [[nodiscard]] bool barging() const noexcept { return options_.fairness == fairness_policy::bounded_barging; }
    /// Where this thread's walk begins: threads are spread over the slots that are filled first.
    [[nodiscard]] std::size_t first_look() const noexcept {
        return this_thread_card.number() % spread_.load(std::memory_order_relaxed);  // relaxed: a hint
    }
    [[nodiscard]] clock_source::instant stamp_time() const noexcept { return timed_ ? clock_.now() : tick_->wake(); }

    // What follows needs the lock, unless it says otherwise.
    [[nodiscard]] slot* claim_idle();
    [[nodiscard]] slot* claim_lock_free() noexcept;  // needs no lock
    [[nodiscard]] slot* claim_in_order();            // takes the lock itself
    void index_idle();
    void grow(std::unique_ptr<slot_array::run> more);
    [[nodiscard]] std::unique_ptr<care> hire(const pool_options& options);
    // The watchdog includes this file.
    [[nodiscard]] static std::shared_ptr<watchdog> new_watchdog();
    [[nodiscard]] static std::shared_ptr<patrol> patrol_of(const watchdog& one) noexcept;
    void make_idle(slot& place) noexcept;
    void bring_home(slot& place, std::unique_lock<std::mutex>& lock, wake_list& wakes) noexcept;
    [[nodiscard]] slot* reserve_place(clock_source::instant now);
    void begin_retiring(slot& place) noexcept;
    void begin_retiring(slot& place, events::retirement why) noexcept;
    void free_place(slot& place) noexcept;
    void cancel_place(slot& place) noexcept;
    [[nodiscard]] std::optional<outage_governor::attempt> take_attempt(slot& place) noexcept;
    /// Workers that are neither on their way out nor about to take another's place.
    [[nodiscard]] std::size_t standing() const noexcept {
        const auto less = retiring_ + (care_ ? care_->under_way(errand::task::renew) + care_->ending : 0U);
        return live_ - std::min(live_, less);  // a renewal is under way for a moment when its place is free again
    }
    [[nodiscard]] bool keeps_surplus(std::size_t beside);
    [[nodiscard]] bool keeps_ahead(std::size_t beside);
    [[nodiscard]] bool take_idle(slot& place) noexcept;
    [[nodiscard]] bool outage() const noexcept;
    [[nodiscard]] std::optional<errc> hopeless() const noexcept;
    void refuse_all(errc code, wake_list& wakes) noexcept;
    void name_prober(wake_list& wakes) noexcept;
    [[nodiscard]] std::string text_for_observer(const std::exception_ptr& error) const noexcept;
    [[nodiscard]] obituary write_obituary(const slot& place, events::death reason,
                                          std::exception_ptr thrown) const noexcept;
    void note_death(obituary& of, const slot& place, clock_source::instant now) noexcept;
    void note_created(slot& place, clock_source::instant now, std::chrono::nanoseconds took) noexcept;
    [[nodiscard]] bool is_told_and_out(const slot& place) const noexcept;
    void note_return(slot& place, clock_source::instant now) noexcept;
    void tell(events::any what) noexcept;
    void note_shed(errc reason, const call_site& where) noexcept;
    clock_source::instant tell_shed(clock_source::instant now) noexcept;
    [[nodiscard]] slot_care* care_of(const slot& place) noexcept;
    [[nodiscard]] const slot_care* care_of(const slot& place) const noexcept;
    void mark_ending(const slot& place, events::retirement why) noexcept;
    void unmark(slot& place) noexcept;
    [[nodiscard]] bool write_off(slot& place) noexcept;
    [[nodiscard]] bool may_make(clock_source::instant now) const noexcept;
    [[nodiscard]] bool may_take_one() const noexcept;
    [[nodiscard]] bool may_fill_one() const noexcept;
    [[nodiscard]] bool may_send_for_more(clock_source::instant now) const noexcept;
    [[nodiscard]] clock_source::instant next_attempt_after(clock_source::instant now) const noexcept;
    clock_source::instant inspect_idle(slot& place, slot_care& of, clock_source::instant now, errands& out);
    clock_source::instant inspect_lent(slot& place, slot_care& of, clock_source::instant now, errands& out);
    clock_source::instant inspect_lease(slot& place, slot_care& of, clock_source::instant now);
    clock_source::instant renew(slot& place, clock_source::instant now, errands& out);
    bool send_away(slot& place, events::retirement why, clock_source::instant now, errands& out);
    clock_source::instant look_for_leases(std::uint64_t uses, clock_source::instant now);
    void send_for(errands& out, errand one);
    void make_missing(std::size_t idle, clock_source::instant now, errands& out);
    void tell_observer() noexcept;
    void give_up(slot& place) noexcept;
    void check_idle(slot& place, clock_source::instant now) noexcept;
    void succeed(const slot& old, std::uint64_t worker) noexcept;
    [[nodiscard]] create_context spare_context() const;
    [[nodiscard]] slot* idle_or_place();
    [[nodiscard]] slot* claim_surplus();
    void choose(waiter& one, slot& place, wake_list& wakes) noexcept;
    static void have_try(waiter& one, wake_list& wakes) noexcept;
    void settle(wake_list& wakes) noexcept;
    [[nodiscard]] bool front_is_overdue() const noexcept;
    [[nodiscard]] bool has_idle();
    [[nodiscard]] bool put_back(slot& place, wake_list& wakes) noexcept;
    [[nodiscard]] bool is_outgrown(const slot& place) const noexcept;
    [[nodiscard]] bool is_outdated(const slot& place) const noexcept;
    [[nodiscard]] events::retirement why_it_ends(const slot& place) const noexcept;
    void begin_generation() noexcept;
    void mark_all_stale() noexcept;
    std::size_t hold_all_back() noexcept;
    void let_go() noexcept;
    attention::bits refresh_attention() noexcept;
    [[nodiscard]] pool_status look();
    [[nodiscard]] std::optional<holder_info> holder_of(slot& place, clock_source::instant now) const;
    [[nodiscard]] std::chrono::system_clock::time_point wall_time(std::chrono::nanoseconds at) const noexcept;
    [[nodiscard]] grant refuse(errc code, const request& ask, std::chrono::nanoseconds waited = {},
                               std::exception_ptr cause = nullptr) noexcept;
    [[nodiscard]] grant turn_away(errc code, const request& ask, std::chrono::nanoseconds waited = {}) noexcept;
    [[nodiscard]] grant refuse_in_child(const request& ask) const;
    [[nodiscard]] std::exception_ptr cause_behind(errc code) const noexcept;
    [[nodiscard]] failure_report report(errc code, std::chrono::nanoseconds waited, std::exception_ptr cause);

    /// The end of every locked section that changed something: brings the attention word up to date, looks again for
    /// those it announces, unlocks, wakes those who were chosen, and deletes the core if its pool is gone and the last
    /// worker is home.
    void finish(std::unique_lock<std::mutex>& lock, wake_list& wakes) noexcept;
    /// The same after a change that may have made a worker or a place free.
    void conclude(std::unique_lock<std::mutex>& lock, wake_list& wakes) noexcept;

    // These take the lock themselves and run user code outside of it.
    [[nodiscard]] grant queue_up(request& ask);
    [[nodiscard]] grant join(std::unique_lock<std::mutex>& lock, wake_list& wakes, request& ask);
    [[nodiscard]] static grant await(pool_core& core, waiter& self, request& ask);
    [[nodiscard]] grant leave(waiter& self, const request& ask, std::unique_lock<std::mutex>& lock);
    [[nodiscard]] bool try_again(waiter& self, std::unique_lock<std::mutex>& lock);
    [[nodiscard]] std::optional<grant> make_for(slot& place, const request& ask);
    [[nodiscard]] std::optional<obituary> clean(slot& place) noexcept;
    [[nodiscard]] bool ends_here(const slot& place) const noexcept;
    [[nodiscard]] bool is_fresh(const slot& place) const noexcept;
    [[nodiscard]] std::optional<obituary> find_illness(slot& place) noexcept;
    [[nodiscard]] std::optional<obituary> check_lent(slot& place) noexcept;
    [[nodiscard]] grant swap_dead(slot& place, request& ask, obituary& of);
    [[nodiscard]] grant lend(slot& place, const request& ask) noexcept;
    [[nodiscard]] std::optional<errc> too_late(const request& ask) const noexcept;
    /// `now` is for a watchdog that says what time it is; the clock may be ahead of it.
    [[nodiscard]] std::exception_ptr construct(slot& place, const create_context& context,
                                               clock_source::instant now = {}) noexcept;
    void end_worker(slot& place, farewell how) noexcept;
    void dispose(slot& place, farewell how, then next) noexcept;
    void retire(slot& place, farewell how, then next, std::uint64_t pool_counters::*counter,
                std::optional<obituary> of) noexcept;
    [[nodiscard]] std::optional<std::size_t> renew_all() noexcept;
    std::size_t sweep_stale() noexcept;
    [[nodiscard]] std::exception_ptr make_spare(slot& place, const create_context& context,
                                                clock_source::instant now = {});
    std::size_t fill(std::size_t most);

    /// While it lives the watchdog makes no workers: somebody does it, and is to be told how it goes.
    class filler {
    public:
        explicit filler(pool_core& core) : core_{&core} { count(1); }
        filler(const filler&) = delete;
        filler& operator=(const filler&) = delete;
        ~filler() { count(-1); }

    private:
        void count(int more);
        pool_core* core_;
    };

    const control_handle control_;
    const pool_options options_;                     // as given; size and max_overflow are followed by limits_
    const std::shared_ptr<const std::string> name_;  // shared with those who wait
    const worker_layout layout_;
    const clock_source clock_;
    const std::unique_ptr<worker_source> source_;
    const bool timed_;  // read the clock at every check-out and check-in
    const std::shared_ptr<coarse_tick> tick_;
    const std::chrono::nanoseconds epoch_;                    // the same moment on the pool's clock
    const std::chrono::system_clock::time_point wall_epoch_;  // and on the wall
    slot_array slots_;
    idle_list ordered_;
    idle_index index_;
    waiter_queue queue_;
    sizing limits_;
    std::atomic<std::size_t> spread_{1};  // max(1, limits_.size)
    std::size_t live_ = 0;         // slots that are not empty (I1: never above limits_.places(), but for a shrink)
    std::size_t retiring_ = 0;     // of these, on their way out: they do not make others surplus
    std::size_t outgrown_ = 0;     // of all, those made before the last restart
    std::size_t first_empty_ = 0;  // no slot before it is empty
    std::uint64_t last_worker_ = 0;
    std::uint64_t generation_ = 0;
    std::uint64_t past_uses_ = 0;  // of workers that are gone
    bool closed_ = false;
    bool suspended_ = false;
    bool orphaned_ = false;
    bool scarce_ = false;
    std::size_t index_due_ = 0;  // so many workers come back before another walk over all slots is paid for
    int draining_ = 0;
    std::condition_variable drained_;
    outage_governor governor_;
    restart_intensity deaths_;
    clock_source::instant last_death_ = clock_source::instant::min();  // the last that counted
    fatal_death fatal_;                                                // of a pool that failed
    clock_source::instant down_since_{};
    bool told_down_ = false;  // and not yet that it is up again; a restart does not change what the backend is
    bool failed_ = false;
    bool heals_ = false;
    backoff healing_;
    clock_source::instant heal_at_{};
    std::size_t written_off_ = 0;  // slots that are not empty, and no more of the pool
    std::shared_ptr<watchdog> watchdog_;
    const std::unique_ptr<care> care_;  // if it is watched
    std::exception_ptr last_error_;     // the factory's
    clock_source::instant last_error_at_{};
    bool factory_fails_ = false;  // its last call threw
    pool_counters counters_;
    atomic_histogram wait_;
    atomic_histogram create_;
    atomic_histogram hold_;
};

}  // namespace pooly::detail
