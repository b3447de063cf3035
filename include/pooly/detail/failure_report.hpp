// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <exception>
#include <locale>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

#include <pooly/detail/humane.hpp>
#include <pooly/detail/obituary.hpp>
#include <pooly/detail/one_line.hpp>
#include <pooly/detail/sizing.hpp>
#include <pooly/detail/text_of.hpp>
#include <pooly/error.hpp>
#include <pooly/pool_options.hpp>
#include <pooly/pool_status.hpp>

namespace pooly::detail {

/// What was seen, under the pool's lock, in the moment a check-out failed; written out later, outside of it.
struct failure_report {
    errc code{};
    std::string name;
    std::chrono::nanoseconds waited{};
    bool counted = false;  // the counts below were taken
    pool_status status;
    sizing limits;
    std::size_t max_waiters = pool_options::unlimited;
    std::optional<holder_info> longest;
    bool nested = false;  // each worker is held by a thread that waits for one
    std::exception_ptr last_error;
    std::chrono::nanoseconds since_last_error{};
    std::optional<fatal_death> death;
    std::chrono::nanoseconds since_death{};
    bool factory_fails = false;  // its last call threw
    std::exception_ptr cause;
    bool forked = false;  // in a child of the process that made the pool

    /// For one who cannot look at the pool any more.
    [[nodiscard]] static std::unique_ptr<failure_report> without_counts(errc code, const std::string& name,
                                                                        std::chrono::nanoseconds waited) {
        auto story = std::make_unique<failure_report>();
        story->code = code;
        story->name = name;
        story->waited = waited;
        return story;
    }

    void tell_death(const fatal_death& one, clock_source::instant now) {
        death = one;
        since_death = now - one.at;
    }

    [[nodiscard]] std::string text() const {
        std::ostringstream out;
        out.imbue(std::locale::classic());
        out << "pooly: pool " << (name.empty() ? "(unnamed)" : "'" + name + "'") << ": " << reason();
        if (cause) out << ": " << text_of(cause);
        if (waited > waited.zero()) out << (code == errc::timeout ? " after " : "; waited ") << humane(waited);
        if (counted) tell_counts(out);
        if (longest)
            out << "; longest held: worker " << longest->worker << " for " << humane(longest->held) << " by thread "
                << longest->thread << ", checked out at " << to_string(longest->where);
        if (nested) out << "; every worker is held by a thread that is itself waiting here";
        if (!cause) tell_past(out);
        out << ". " << remedy() << '.';
        return one_line(std::move(out).str());
    }

private:
    [[nodiscard]] bool has_no_place() const noexcept { return counted && limits.places() == 0; }

    [[nodiscard]] std::string reason() const {
        // "every worker is in use" would be true of none, and send one to look for who holds them
        if (code == errc::full && has_no_place()) return "the pool has no place for a worker";
        return make_error_code(code).message();
    }

    void tell_counts(std::ostream& out) const {
        out << "; " << status.in_use << " in use of size " << limits.size;
        if (limits.max_overflow > 0) out << " + overflow " << limits.max_overflow;
        if (status.idle > 0) out << ", " << status.idle << " idle";
        if (status.making > 0) out << ", " << status.making << " being made";
        if (status.checking > 0) out << ", " << status.checking << " being checked";
        out << ", " << status.waiting << " waiting";
        if (max_waiters != pool_options::unlimited) out << " of at most " << max_waiters << " (max_waiters)";
    }

    void tell_past(std::ostream& out) const {
        if (death) {
            out << "; " << death->deaths << (death->deaths == 1 ? " worker" : " workers") << " died within "
                << humane(death->window) << "; the last, " << humane(since_death)
                << " ago: " << to_string(death->reason);
            if (death->error) out << ": " << text_of(death->error);
            if (death->where.line != 0) out << "; last lent at " << to_string(death->where);
        } else if (last_error) {
            out << "; last failure of the factory, " << humane(since_last_error) << " ago: " << text_of(last_error);
        }
    }

    [[nodiscard]] std::string_view remedy() const {
        if (forked)
            return "This process was forked from the one that made the pool: make a pool of its own after the fork";
        // What helps against these is the same whatever else is the case.
        const bool settled = code == errc::closed || code == errc::suspended || code == errc::overloaded;
        if (has_no_place() && !settled) return "Give the pool a size or a max_overflow";
        if (nested && !settled)
            return "Take one worker per thread at a time, pass the lease on, or allow as many workers as threads nest";
        switch (code) {
            case errc::timeout:
                if (factory_fails || status.making > 0) return "Look at what the factory connects to";
                if (status.in_use >= limits.places())
                    return "Hold workers for less time, look for a lease that is kept, or raise size or max_overflow";
                return "Give the call a longer timeout, or look for a slow health check";
            case errc::full: return "Wait with checkout_for, or raise size or max_overflow";
            case errc::closed: return "Close the pool after its last user, or make a new one";
            case errc::cancelled: return "The caller asked for it; nothing is wrong with the pool";
            case errc::failed: return "Mend what kills the workers; then call restart(), unless a registry does it";
            case errc::suspended: return "Call resume(), or wait until the drain is over";
            case errc::overloaded: return "Send less work, raise max_waiters, or raise size or max_overflow";
            case errc::backend_unavailable:
                return "The pool tries again, a lazy one when asked; if the cause is an address or a password, mend "
                       "that";
            case errc::create_failed:
                return "Mend the cause; the place is kept, and tried again after a pause (backoff_base)";
            case errc::no_such_pool:
            case errc::name_taken:
            case errc::wrong_type: break;
        }
        return "See the documentation of the call";
    }
};

}  // namespace pooly::detail
