// SPDX-License-Identifier: MIT

#include "report.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "growth_load.hpp"
#include "pair_load.hpp"
#include "registry_load.hpp"
#include "scarce_load.hpp"

namespace bench {
namespace {

std::string size_argument(int size) { return "size:" + std::to_string(size); }

std::string pools_argument(int pools) { return "pools:" + std::to_string(pools); }

std::string scarce_argument(std::int64_t out) {
    return "size:" + std::to_string(scarce_size) + "/out:" + std::to_string(out);
}

std::optional<double> divide(const std::optional<double>& top, const std::optional<double>& bottom) {
    if (!top || !bottom) return std::nullopt;
    return *top / *bottom;
}

void print_cell(const std::optional<double>& cell) {
    if (cell)
        std::printf(" %9.2f", *cell);
    else
        std::printf(" %9s", "-");
}

std::optional<double> scarce_ratio(const measurements& measured, const std::string& family, int threads) {
    return divide(measured.find(family, scarce_argument(scarce_size - scarce_idle), threads),
                  measured.find(family, scarce_argument(0), threads));
}

const char* label(hold_kind kind) {
    switch (kind) {
        case hold_kind::none: return "not at all";
        case hold_kind::sleep: return "asleep";
        case hold_kind::spin: return "busy";
        case hold_kind::sleep_pause: return "asleep, then a pause";
    }
    return "";
}

/// The median of one figure over a pool's turns.
double middle(const std::vector<contention_sample>& turns, double contention_sample::*figure) {
    std::vector<double> values;
    values.reserve(turns.size());
    for (const auto& turn : turns) values.push_back(turn.*figure);
    return median(std::move(values));
}

struct at_least {
    double limit;
    static constexpr const char* sign = ">=";
    [[nodiscard]] bool holds(double value) const { return value >= limit; }
};

struct at_most {
    double limit;
    static constexpr const char* sign = "<=";
    [[nodiscard]] bool holds(double value) const { return value <= limit; }
};

/// One line: what was promised, what was measured, whether it holds.
template <class Bar>
void judge(const std::string& what, const std::optional<double>& got, Bar bar) {
    if (!got) return;
    std::printf("%-64s %7.2f  bar %s %5.2f  %s\n", what.c_str(), *got, Bar::sign, bar.limit,
                bar.holds(*got) ? "holds" : "FAILS");
}

void judge_contention(const contention_samples& samples, const contention_case& how) {
    const std::string where = std::string{"(e) 16 on 2, "} + label(how.kind);
    const auto ours = samples.find({how, "pooly"});
    const auto theirs = samples.find({how, "hand_written"});
    if (ours == samples.end() || theirs == samples.end()) return;
    const auto quotient = [&](double contention_sample::*figure) -> std::optional<double> {
        return middle(ours->second, figure) / middle(theirs->second, figure);
    };
    judge(where + ": throughput / hand_written", quotient(&contention_sample::per_second), at_least{1});
    judge(where + ": p99 wait / hand_written", quotient(&contention_sample::p99_us), at_most{0.2});
}

/// The best of all other pools, as the middle of its turns.
template <class Better>
std::optional<double> best_of_others(const contention_samples& samples, const contention_case& how,
                                     double contention_sample::*figure, Better better) {
    std::optional<double> best;
    for (const auto& [key, turns] : samples) {
        if (key.first != how || key.second.starts_with("pooly")) continue;
        const double theirs = middle(turns, figure);
        if (!best || better(theirs, *best)) best = theirs;
    }
    return best;
}

void judge_waiting(const contention_samples& samples, std::chrono::microseconds hold) {
    for (const auto waiters : waiters_per_worker) {
        const auto how = waiting_case(waiters, hold);
        const auto where = "(j) " + std::to_string(waiters) + " : 1, " + std::to_string(hold.count()) + " us";
        const auto compare = [&](const char* name, double contention_sample::*figure, auto better) {
            const auto ours = samples.find({how, name});
            const auto mine = ours == samples.end() ? std::nullopt : std::optional{middle(ours->second, figure)};
            return divide(mine, best_of_others(samples, how, figure, better));
        };
        if (how.kind == hold_kind::none)
            judge(where + ": throughput of pooly_barging / best",
                  compare("pooly_barging", &contention_sample::per_second, std::greater<>{}), at_least{0.9});
        if (hold < std::chrono::microseconds{100}) continue;
        judge(where + ": throughput / best", compare("pooly", &contention_sample::per_second, std::greater<>{}),
              at_least{0.95});
        judge(where + ": p99 wait / best", compare("pooly", &contention_sample::p99_us, std::less<>{}), at_most{1});
    }
}

}  // namespace

void print_pairs(const measurements& measured, const std::vector<std::string>& names) {
    if (!measured.find("pair/floor", "", 1)) return;
    std::printf("\nCheck-out + check-in, as a multiple of the floor at the same number of threads (medians)\n");
    std::printf("%-16s", "threads");
    for (const int threads : thread_counts) std::printf(" %9d", threads);
    std::printf("\n%-16s", "floor, ns");
    for (const int threads : thread_counts) {
        const auto floor = measured.find("pair/floor", "", threads);
        std::printf(" %9.2f", floor.value_or(0));
    }
    std::printf("\n%-16s", "floor, bare");
    for (const int threads : thread_counts)
        print_cell(divide(measured.find("pair/floor_bare", "", threads), measured.find("pair/floor", "", threads)));
    std::printf("\n");
    for (const int size : pool_sizes) {
        bool headed = false;
        for (const auto& name : names) {
            const std::string family = "pair/" + name;
            if (!measured.find(family, size_argument(size), 1)) continue;
            if (!std::exchange(headed, true)) std::printf("pool of %d\n", size);
            std::printf("  %-14s", name.c_str());
            for (const int threads : thread_counts)
                print_cell(divide(measured.find(family, size_argument(size), threads),
                                  measured.find("pair/floor", "", threads)));
            std::printf("\n");
        }
    }
}

void print_scarce(const measurements& measured, const std::vector<std::string>& names) {
    bool headed = false;
    for (const auto& name : names) {
        if (!measured.find("scarce_one/" + name, scarce_argument(0), 1)) continue;
        if (!std::exchange(headed, true)) {
            std::printf("\nA pool of 4096 with all but 40 out, as a multiple of the same with none out (medians)\n");
            std::printf("%-16s", "leases at once");
            for (const scarce_way& way : scarce_ways)
                for (std::size_t i = 0; i < scarce_threads.size(); ++i) std::printf(" %9s", way.label);
            std::printf("\n%-16s", "threads");
            for (std::size_t i = 0; i < scarce_ways.size(); ++i)
                for (const int threads : scarce_threads) std::printf(" %9d", threads);
            std::printf("\n");
        }
        std::printf("  %-14s", name.c_str());
        for (const scarce_way& way : scarce_ways)
            for (const int threads : scarce_threads)
                print_cell(scarce_ratio(measured, way.family + ("/" + name), threads));
        std::printf("\n");
    }
}

namespace {

/// A row for each pool: what the pair costs at each step, as a multiple of the first.
template <class Steps, class Find>
void print_curve(const char* title, const std::vector<std::string>& names, const Steps& steps, Find&& find) {
    bool headed = false;
    for (const auto& name : names) {
        const auto first = find(name, steps.front());
        if (!first) continue;
        if (!std::exchange(headed, true)) {
            std::printf("\n%s (medians)\n%-16s", title, "");
            for (const auto step : steps) std::printf(" %9lld", static_cast<long long>(step));
            std::printf("\n");
        }
        std::printf("  %-14s", name.c_str());
        for (const auto step : steps) print_cell(divide(find(name, step), first));
        std::printf("\n");
    }
}

}  // namespace

void print_growth(const measurements& measured, const std::vector<std::string>& names) {
    print_curve("The pair on one thread by the pool's size, as a multiple of that in a pool of 1", names, growth_sizes,
                [&](const std::string& name, int size) {
                    return measured.find("growth_size/" + name, size_argument(size), 1);
                });
    print_curve("The pair on one thread in a pool of 16384 by how many are out, as a multiple of that with none out",
                names, growth_out, [&](const std::string& name, std::int64_t out) {
                    return measured.find("growth_out/" + name,
                                         "size:" + std::to_string(growth_size) + "/out:" + std::to_string(out), 1);
                });
    print_curve("The pair in a pool of 64 by threads, as a multiple of that with one", names, growth_threads,
                [&](const std::string& name, int threads) {
                    return measured.find("growth_threads/" + name, size_argument(growth_threads_size), threads);
                });
    print_curve("Joining the queue and leaving it by how many wait there, as a multiple of that with one", names,
                growth_waiters, [&](const std::string& name, int waiters) {
                    return measured.find("growth_waiters/" + name, "size:1/waiters:" + std::to_string(waiters), 1);
                });
}

void print_contention(const contention_samples& samples, const std::vector<std::string>& names) {
    for (const auto& how : crowds) {
        bool headed = false;
        for (const auto& name : names) {
            const auto found = samples.find({how, name});
            if (found == samples.end()) continue;
            if (!std::exchange(headed, true)) {
                std::printf("\n16 threads on 2 workers, each held 100 us %s (medians of turns)\n", label(how.kind));
                std::printf("%-16s %12s %10s %10s %10s\n", "", "check-outs/s", "p50 us", "p99 us", "max us");
            }
            const auto& turns = found->second;
            std::printf("  %-14s %12.0f %10.0f %10.0f %10.0f\n", name.c_str(),
                        middle(turns, &contention_sample::per_second), middle(turns, &contention_sample::p50_us),
                        middle(turns, &contention_sample::p99_us), middle(turns, &contention_sample::max_us));
        }
    }
}

void print_waiting(const contention_samples& samples, const std::vector<std::string>& names) {
    for (const auto hold : waiting_holds)
        for (const auto waiters : waiters_per_worker) {
            const auto how = waiting_case(waiters, hold);
            bool headed = false;
            for (const auto& name : names) {
                const auto found = samples.find({how, name});
                if (found == samples.end()) continue;
                if (!std::exchange(headed, true)) {
                    std::printf("\n%zu waiting for each of 2 workers, held %lld us (medians of turns)\n", waiters,
                                static_cast<long long>(hold.count()));
                    std::printf("%-16s %12s %10s %10s %10s %10s %10s\n", "", "check-outs/s", "p50 us", "p99 us",
                                "p99.9 us", "max us", "fairness");
                }
                const auto of = [&](double contention_sample::*figure) { return middle(found->second, figure); };
                std::printf("  %-14s %12.0f %10.1f %10.1f %10.1f %10.1f %10.2f\n", name.c_str(),
                            of(&contention_sample::per_second), of(&contention_sample::p50_us),
                            of(&contention_sample::p99_us), of(&contention_sample::p999_us),
                            of(&contention_sample::max_us), of(&contention_sample::fairness));
            }
        }
}

void print_handoff(const handoff_samples& samples) {
    if (samples.empty()) return;
    const auto times = [&](std::size_t threads, bool has_timeout, bool is_pool) {
        return median(samples.at({threads, has_timeout, is_pool}));
    };
    const double unit = times(handoff_threads.front(), false, false);
    std::printf("\nOne worker handed from thread to thread, as a multiple of a ring of 8 (medians of turns)\n%-24s",
                "threads");
    for (const auto threads : handoff_threads) std::printf(" %9zu", threads);
    for (const bool has_timeout : {false, true})
        for (const bool is_pool : {false, true}) {
            std::printf("\n  %-22s",
                        (std::string{is_pool ? "pooly" : "ring"} + (has_timeout ? ", timeout" : "")).c_str());
            for (const auto threads : handoff_threads) print_cell(times(threads, has_timeout, is_pool) / unit);
        }
    std::printf("\n");
}

void print_registry(const measurements& measured) {
    const auto floor = [&](int threads) { return measured.find("registry/floor", "", threads); };
    if (!floor(1)) return;
    std::printf("\nA registry, as a multiple of the floor at the same number of threads (medians)\n%-26s", "pools");
    for (const int pools : registry_sizes) std::printf(" %9d", pools);
    for (const registry_way& way : registry_ways)
        for (const int threads : registry_threads) {
            if (!measured.find(way.family, pools_argument(registry_sizes.front()), threads)) continue;
            std::printf("\n  %-13s %d thread%c", way.label, threads, threads == 1 ? ' ' : 's');
            for (const int pools : registry_sizes)
                print_cell(divide(measured.find(way.family, pools_argument(pools), threads), floor(threads)));
        }
    std::printf("\n");
}

void print_verdicts(const measurements& measured, const contention_samples& samples, const handoff_samples& handoffs,
                    const std::optional<supervision_sample>& supervision) {
    std::printf("\nVerdicts (ratios of medians; (a) to (c) with a pool of 8)\n");
    const auto pair = [&](const char* name, int threads) {
        return measured.find(std::string{"pair/"} + name, size_argument(8), threads);
    };
    const auto floor = [&](const char* name, int threads) {
        return measured.find(std::string{"pair/"} + name, "", threads);
    };
    const auto ours_alone = pair("pooly", 1);
    const auto ours_by_two = pair("pooly", 2);
    judge("(a) 1 thread: time / floor", divide(ours_alone, floor("floor", 1)), at_most{1.5});
    judge("(a) 1 thread: time / bare floor, which uses no worker", divide(ours_alone, floor("floor_bare", 1)),
          at_most{1.5});
    judge("(b) throughput of 2 threads / of 1", divide(ours_alone, ours_by_two), at_least{1.8});
    if (const auto control = divide(floor("floor", 1), floor("floor", 2)))
        std::printf("    what the machine gives: the floor's is %.2f\n", *control);
    judge("(c) 1 thread: hand_written time / pooly", divide(pair("hand_written", 1), ours_alone), at_least{4});
    judge("(c) 2 threads: hand_written time / pooly", divide(pair("hand_written", 2), ours_by_two), at_least{15});
    if (const auto alone = divide(pair("hand_tuned", 1), ours_alone))
        std::printf("    hand_tuned, for comparison: %.2f on 1 thread", *alone);
    if (const auto by_two = divide(pair("hand_tuned", 2), ours_by_two)) std::printf(", %.2f on 2", *by_two);
    std::printf("\n");
    for (const scarce_way& way : scarce_ways) {
        const std::string what = std::string{"(d) 4096, 40 idle / all idle, "} + way.label + " at once, threads: ";
        const std::string family = way.family + std::string{"/pooly"};
        for (const int threads : scarce_threads)
            judge(what + std::to_string(threads), scarce_ratio(measured, family, threads), at_most{30});
    }
    for (const int threads : registry_threads) {
        const auto pair_of = [&](const char* family) {
            return measured.find(family, pools_argument(registry_sizes.front()), threads);
        };
        judge("(f) held from a registry / bare pool, threads: " + std::to_string(threads),
              divide(pair_of("registry/held"), pair_of("registry/bare")), at_most{1.05});
    }
    for (const int threads : {1, 2})
        judge("(g) all that a watchdog can do / none, threads: " + std::to_string(threads),
              divide(pair("pooly_watched", threads), pair("pooly", threads)), at_most{1.1});
    if (supervision) {
        judge("(h) a sweep over 10 000 workers in 1 000 pools, ms", supervision->sweep_ms, at_most{2});
        judge("(h) the longest of 101 such sweeps, ms", supervision->worst_sweep_ms, at_most{2});
        judge("(h) these pools idle, % of a core", supervision->idle_percent, at_most{0.1});
    }
    for (const auto& how : crowds) judge_contention(samples, how);
    for (const auto& [how, turns] : handoffs)
        if (how.is_pool)
            judge("(i) hand-over / ring of as many, " + std::string{how.has_timeout ? "with a timeout, " : ""} +
                      "threads: " + std::to_string(how.threads),
                  median(turns) / median(handoffs.at({how.threads, how.has_timeout, false})), at_most{1.3});
    for (const auto hold : waiting_holds) judge_waiting(samples, hold);
}

}  // namespace bench
