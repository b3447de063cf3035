// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

#include <pooly/detail/sizing.hpp>
#include <pooly/error.hpp>
#include <pooly/pool_status.hpp>

namespace pooly::detail {

/// A duration as a person would say it.
[[nodiscard]] inline std::string humane(std::chrono::nanoseconds duration) {
    using namespace std::chrono;
    const auto count = duration.count();
    const auto in = [&](double unit, const char* name) {
        std::ostringstream out;
        out.precision(3);
        out << static_cast<double>(count) / unit << name;
        return out.str();
    };
    if (count < 0) return "0 s";
    if (count < 1'000) return std::to_string(count) + " ns";
    if (count < 999'500)
        return in(1e3, " us");  // three digits; what would be rounded up to 1000 is told in the next unit
    if (count < 999'500'000) return in(1e6, " ms");
    if (duration < minutes{2}) return in(1e9, " s");
    return std::to_string(duration_cast<minutes>(duration).count()) + " min";
}

[[nodiscard]] inline std::string text_of(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const std::exception& e) {
        return e.what();
    } catch (...) {
        return "an exception that is no std::exception";
    }
}

/// What was seen, under the pool's lock, in the moment a check-out failed; written out later, outside of it.
struct failure_report {
    errc code{};
    std::string name;
    std::chrono::nanoseconds waited{};
    bool counted = false;  // the counts below were taken
    pool_status status;
    sizing limits;
    std::optional<holder_info> longest;
    bool nested = false;  // each worker is held by a thread that waits for one
    std::exception_ptr last_error;
    std::chrono::nanoseconds since_last_error{};
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

    [[nodiscard]] std::string text() const {
        std::ostringstream out;
        out << "pooly: pool " << (name.empty() ? "(unnamed)" : "'" + name + "'") << ": "
            << make_error_code(code).message();
        if (waited > waited.zero()) out << (code == errc::timeout ? " after " : "; waited ") << humane(waited);
        if (cause) out << ": " << text_of(cause);
        if (counted) tell_counts(out);
        if (longest)
            out << "; longest held: worker " << longest->worker << " for " << humane(longest->held) << " by thread "
                << longest->thread << ", checked out at " << to_string(longest->where);
        if (nested) out << "; every worker is held by a thread that is itself waiting here";
        if (last_error && !cause)
            out << "; last failure of the factory, " << humane(since_last_error) << " ago: " << text_of(last_error);
        out << ". " << remedy() << '.';
        return std::move(out).str();
    }

private:
    void tell_counts(std::ostream& out) const {
        out << "; " << status.in_use << " in use of size " << limits.size;
        if (limits.max_overflow > 0) out << " + overflow " << limits.max_overflow;
        if (status.idle > 0) out << ", " << status.idle << " idle";
        if (status.making > 0) out << ", " << status.making << " being made";
        if (status.checking > 0) out << ", " << status.checking << " being checked";
        out << ", " << status.waiting << " waiting";
    }

    [[nodiscard]] std::string_view remedy() const {
        if (forked)
            return "This process was forked from the one that made the pool: make a pool of its own after the fork";
        if (limits.places() == 0 && counted && code != errc::closed && code != errc::suspended)
            return "The pool has no place for a worker: give it a size or a max_overflow";
        if (nested)
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
            case errc::failed: return "Mend what kills the workers, then call restart()";
            case errc::suspended: return "Call resume(), or wait until the drain is over";
            case errc::overloaded: return "Send less work, raise max_waiters, or raise size or max_overflow";
            case errc::backend_unavailable: return "The pool recovers by itself once the backend is back";
            case errc::create_failed: return "Mend the cause; the place is kept and the next check-out tries again";
            case errc::no_such_pool:
            case errc::name_taken:
            case errc::wrong_type: break;
        }
        return "See the documentation of the call";
    }
};

}  // namespace pooly::detail
