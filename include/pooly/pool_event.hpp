// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <locale>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <variant>

#include <pooly/call_site.hpp>
#include <pooly/detail/humane.hpp>
#include <pooly/detail/one_line.hpp>
#include <pooly/error.hpp>
#include <pooly/pool_status.hpp>

namespace pooly {

/// What can happen in a pool. Workers are told by `worker_info::id`.
namespace events {

/// Why a worker was destroyed though its place wanted one.
enum class death {
    discarded,        ///< its holder said `discard()`
    unhealthy,        ///< `healthy` said no or threw
    reset_failed,     ///< `reset` threw
    rollback_failed,  ///< `rollback` threw
};

/// Why a worker was retired that had nothing wrong with it.
enum class retirement {
    surplus,   ///< beyond `size`, and nobody waited for it
    expired,   ///< older than `max_lifetime`
    outdated,  ///< of a generation before the last `restart()`
    closed,    ///< its pool was closed
    late,      ///< came home after its place had been given away
};

/// The factory made a worker.
struct created {
    std::uint64_t worker = 0;
    std::uint64_t generation = 0;
    std::chrono::nanoseconds took{};
};

/// A consumer got its worker, but had to wait long.
struct checked_out_late {
    std::uint64_t worker = 0;
    std::chrono::nanoseconds waited{};
    std::thread::id thread;  ///< of the consumer
    call_site where;         ///< the source line that asked
};

/// A worker was broken and is destroyed.
struct discarded {
    std::uint64_t worker = 0;
    death reason{};
    std::string cause = {};  ///< the text of what its hook threw; of what was handled where `discard()` was called
    call_site where = {};    ///< the source line that had it last; line 0 if nobody had
};

/// A new worker stands in the place of one that was lost.
struct replaced {
    std::uint64_t worker = 0;      ///< the new one
    std::uint64_t instead_of = 0;  ///< the one that is gone
};

/// A sound worker is not needed any more and is destroyed.
struct retired {
    std::uint64_t worker = 0;
    retirement reason{};
    std::chrono::nanoseconds age{};
    std::uint64_t uses = 0;  ///< how often it was lent
};

/// A lease is held longer than `overdue_after`; told once a lease.
struct overdue {
    holder_info holder;
};

/// A lease that was told as overdue has ended.
struct restored {
    holder_info holder;
};

/// Consumers were turned away at once, for the good of the others. The first is told at once, those of the next second
/// together, and so on: in an outage there may be many.
struct shed {
    errc reason{};
    std::size_t waiting = 0;  ///< how many waited then; here and below the last one's
    call_site where;          ///< the source line that asked
    std::uint64_t times = 1;  ///< how many were turned away since this was told last
};

/// More workers died than `max_restarts` allows: the pool lends nothing until `restart()`.
struct failed {
    std::size_t deaths = 0;                                   ///< the last one included
    std::chrono::nanoseconds window{};                        ///< within which they happened
    std::optional<std::chrono::nanoseconds> restart_in = {};  ///< by its registry; nothing if it has none
};

/// All workers are being replaced.
struct restarted {
    std::uint64_t generation = 0;  ///< of the new ones
};

/// A call into user code does not come back; it keeps one maintenance thread from all else.
struct stuck {
    const char* what = "";              ///< a literal: "factory", "healthy", "retire", "observer"
    std::uint64_t worker = 0;           ///< on which it works; 0 where there is none
    std::chrono::nanoseconds lasted{};  ///< so far
};

/// A worker could not be made: until an attempt succeeds, consumers are told `errc::backend_unavailable`.
struct backend_down {
    std::string cause;                    ///< the text of the factory's exception
    std::chrono::nanoseconds retry_in{};  ///< no attempt before that; a lazy pool waits for a check-out, too
};

/// Workers can be made again.
struct backend_up {
    std::chrono::nanoseconds after{};  ///< how long it was down
};

using any = std::variant<created, checked_out_late, discarded, replaced, retired, overdue, restored, shed, failed,
                         restarted, stuck, backend_down, backend_up>;

[[nodiscard]] constexpr std::string_view to_string(death reason) noexcept {
    switch (reason) {
        case death::discarded: return "discarded by its holder";
        case death::unhealthy: return "unhealthy";
        case death::reset_failed: return "its reset failed";
        case death::rollback_failed: return "its rollback failed";
    }
    return "unknown";
}

[[nodiscard]] constexpr std::string_view to_string(retirement reason) noexcept {
    switch (reason) {
        case retirement::surplus: return "surplus";
        case retirement::expired: return "expired";
        case retirement::outdated: return "outdated";
        case retirement::closed: return "its pool is closed";
        case retirement::late: return "it came home late";
    }
    return "unknown";
}

}  // namespace events

/// One thing that happened in a pool. A value: keep it as long as you like.
struct pool_event {
    std::shared_ptr<const std::string> pool;   ///< its name
    std::uint64_t number = 0;                  ///< 1, 2, 3, ... in each pool; one that is missing was dropped
    std::chrono::system_clock::time_point at;  ///< when it happened
    events::any what;

    /// Returns: what happened if it is an `Event`, else null: `if (auto* late = event.as<events::overdue>()) ...`.
    template <class Event>
    [[nodiscard]] const Event* as() const noexcept {
        return std::get_if<Event>(&what);
    }
};

namespace detail {

/// Tells what happened, for people, without the pool.
class event_text {
public:
    explicit event_text(std::ostream& out) : out_{out} {}

    void operator()(const events::created& e) const {
        out_ << "worker " << e.worker << " made in " << humane(e.took) << ", generation " << e.generation;
    }
    void operator()(const events::checked_out_late& e) const {
        out_ << "worker " << e.worker << " lent late: thread " << e.thread << " waited " << humane(e.waited) << " at "
             << to_string(e.where);
    }
    void operator()(const events::discarded& e) const {
        out_ << "worker " << e.worker << " destroyed: " << to_string(e.reason);
        if (!e.cause.empty()) out_ << ": " << e.cause;
        if (e.where.line != 0) out_ << "; last lent at " << to_string(e.where);
    }
    void operator()(const events::replaced& e) const {
        out_ << "worker " << e.worker << " takes the place of worker " << e.instead_of;
    }
    void operator()(const events::retired& e) const {
        out_ << "worker " << e.worker << " retired: " << to_string(e.reason) << ", after " << humane(e.age) << " and "
             << e.uses << (e.uses == 1 ? " use" : " uses");
    }
    void operator()(const events::overdue& e) const { tell_holder(e.holder, " overdue: held for "); }
    void operator()(const events::restored& e) const { tell_holder(e.holder, " is back: was held for "); }
    void operator()(const events::shed& e) const {
        out_ << "turned ";
        if (e.times == 1)
            out_ << "a consumer";
        else
            out_ << e.times << " consumers";
        out_ << " away: " << make_error_code(e.reason).message() << ", " << e.waiting << " waiting, asked at "
             << to_string(e.where);
    }
    void operator()(const events::failed& e) const {
        out_ << "failed: " << e.deaths << (e.deaths == 1 ? " worker" : " workers") << " died within "
             << humane(e.window);
        if (e.restart_in) out_ << ", restarted in " << humane(*e.restart_in);
    }
    void operator()(const events::restarted& e) const { out_ << "restarted as generation " << e.generation; }
    void operator()(const events::stuck& e) const {
        out_ << e.what << " is stuck";
        if (e.worker != 0) out_ << " on worker " << e.worker;
        out_ << " for " << humane(e.lasted);
    }
    void operator()(const events::backend_down& e) const {
        out_ << "backend down, no attempt for " << humane(e.retry_in) << ": " << e.cause;
    }
    void operator()(const events::backend_up& e) const { out_ << "backend up again after " << humane(e.after); }

private:
    void tell_holder(const holder_info& holder, const char* how) const {
        out_ << "worker " << holder.worker << how << humane(holder.held) << " by thread " << holder.thread
             << ", checked out at " << to_string(holder.where);
    }

    std::ostream& out_;
};

}  // namespace detail

/// One line without its end, the same in every locale: `pool 'db': worker 7 overdue: held for 31 s by thread 1402,
/// checked out at ledger.cpp:118 (transfer)`. Control characters, which a name or a cause may hold, become spaces.
[[nodiscard]] inline std::string to_string(const pool_event& event) {
    std::ostringstream out;
    out.imbue(std::locale::classic());
    const bool has_name = event.pool != nullptr && !event.pool->empty();
    out << "pool " << (has_name ? "'" + *event.pool + "'" : "(unnamed)") << ": ";
    std::visit(detail::event_text{out}, event.what);
    return detail::one_line(std::move(out).str());
}

}  // namespace pooly
