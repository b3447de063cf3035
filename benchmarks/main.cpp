// SPDX-License-Identifier: MIT
// Runs every load on every pool whose library was found, then prints ratios and verdicts.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <random>
#include <semaphore>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/contestants.hpp"
#include "support/handoff_load.hpp"
#include "support/measurements.hpp"
#include "support/progress.hpp"
#include "support/report.hpp"
#include "support/settings.hpp"
#include "support/supervision_load.hpp"

namespace {

constexpr const char* usage = R"(pooly_benchmarks: pooly and other pools under the same load, as ratios to the floor

  --quick               see that everything runs, in a few seconds; the figures mean nothing
                        (also by the environment: POOLY_BENCHMARK_QUICK=1)
  --only=LOAD           pairs, scarce, growth, contention, waiting, handoff, registry or supervision
  --rounds=N            turns of each pool under contention (default 5)
  --round_ms=N          length of such a turn (default 1000)
  --benchmark_...       Google Benchmark's own, as --benchmark_repetitions=N (default 21),
                        --benchmark_filter=REGEX, --benchmark_out=FILE
)";

bool parse_count(std::string_view text, int& into) {
    const char* const end = text.data() + text.size();
    int value = 0;
    const auto parsed = std::from_chars(text.data(), end, value);
    if (parsed.ec != std::errc{} || parsed.ptr != end || value < 1) return false;
    into = value;
    return true;
}

/// Takes our own arguments out of `arguments`. Returns false at one that makes no sense.
bool take_ours(std::vector<std::string>& arguments, bench::settings& chosen) {
    int round_ms = static_cast<int>(chosen.contention_length.count());
    bool good = true;
    const auto ours = [&](const std::string& whole) {
        const std::string_view text{whole};
        const auto value_of = [&](std::string_view name) { return text.substr(name.size()); };
        if (text == "--quick") {
            chosen.quick = true;
        } else if (text.starts_with("--only=")) {
            const auto load = value_of("--only=");
            chosen.pairs = load == "pairs";
            chosen.scarce = load == "scarce";
            chosen.growth = load == "growth";
            chosen.contention = load == "contention";
            chosen.waiting = load == "waiting";
            chosen.handoff = load == "handoff";
            chosen.registry = load == "registry";
            chosen.supervision = load == "supervision";
            good = good && (chosen.pairs || chosen.scarce || chosen.growth || chosen.contention || chosen.waiting ||
                            chosen.handoff || chosen.registry || chosen.supervision);
        } else if (text.starts_with("--rounds=")) {
            good = parse_count(value_of("--rounds="), chosen.contention_rounds) && good;
        } else if (text.starts_with("--round_ms=")) {
            good = parse_count(value_of("--round_ms="), round_ms) && good;
        } else {
            return false;
        }
        return true;
    };
    std::erase_if(arguments, ours);
    chosen.contention_length = std::chrono::milliseconds{round_ms};
    if (chosen.quick) {
        chosen.repetition = chosen.crowded_repetition = std::chrono::microseconds{10};
        chosen.contention_rounds = 1;
        chosen.contention_length = chosen.waiting_length = std::chrono::milliseconds{5};
        chosen.handoffs = 10;
        chosen.idle_length = std::chrono::milliseconds{10};
    }
    return good;
}

/// Google Benchmark's arguments: our defaults first, so that the user's come later and win.
std::vector<char*> google_arguments(std::vector<std::string>& arguments, const bench::settings& chosen) {
    const std::vector<std::string> defaults{
        chosen.quick ? "--benchmark_repetitions=1" : "--benchmark_repetitions=21",
        "--benchmark_enable_random_interleaving=true",
    };
    arguments.insert(arguments.begin() + 1, defaults.begin(), defaults.end());
    std::vector<char*> pointers;
    for (auto& argument : arguments) pointers.push_back(argument.data());
    return pointers;
}

/// A sleeping thread for as long as it lives. While a process has never had a second thread, glibc's mutexes do without
/// atomic instructions and cost a third; a program with a pool has threads, so all is measured as in such a program.
class company {
public:
    company() : thread_{[this] { leave_.acquire(); }} {}
    company(const company&) = delete;
    company& operator=(const company&) = delete;
    ~company() {
        leave_.release();
        thread_.join();
    }

private:
    std::binary_semaphore leave_{0};
    std::thread thread_;
};

/// Every pool once per round, each round in another order: what else the machine does hits all alike.
void run_contention(bench::contention_samples& samples, const std::vector<bench::contention_case>& cases, int rounds,
                    std::chrono::milliseconds length) {
    auto order = bench::contestants();
    std::erase_if(order, [](const bench::contestant& one) { return one.contend == nullptr; });
    std::mt19937 dice{20};
    for (int round = 0; round < rounds; ++round) {
        for (const auto& how : cases) {
            std::shuffle(order.begin(), order.end(), dice);
            for (const auto& one : order) {
                bench::show_progress(one.name);
                samples[{how, one.name}].push_back(one.contend(length, how));
            }
        }
    }
}

std::vector<bench::contention_case> waiting_cases() {
    std::vector<bench::contention_case> all;
    for (const auto hold : bench::waiting_holds)
        for (const auto waiters : bench::waiters_per_worker) all.push_back(bench::waiting_case(waiters, hold));
    return all;
}

void print_all(const bench::measurements& measured, const bench::contention_samples& samples,
               const bench::handoff_samples& handoffs, const std::optional<bench::supervision_sample>& supervision,
               bool quick) {
    std::vector<std::string> names;
    for (const auto& one : bench::contestants()) names.emplace_back(one.name);
    bench::print_pairs(measured, names);
    bench::print_scarce(measured, names);
    bench::print_growth(measured, names);
    bench::print_contention(samples, names);
    bench::print_waiting(samples, names);
    bench::print_handoff(handoffs);
    bench::print_registry(measured);
    if (quick)
        std::printf("\nA quick run: everything ran, the figures mean nothing.\n");
    else
        bench::print_verdicts(measured, samples, handoffs, supervision);
}

}  // namespace

int main(int argc, char** argv) {
    std::vector<std::string> arguments{argv, argv + argc};
    if (std::find(arguments.begin(), arguments.end(), "--help") != arguments.end()) {
        std::fputs(usage, stdout);
        return 0;
    }
    bench::settings chosen;
    const char* const quick = std::getenv("POOLY_BENCHMARK_QUICK");
    chosen.quick = quick != nullptr && *quick != '\0' && std::string_view{quick} != "0";
    if (!take_ours(arguments, chosen)) {
        std::cerr << "pooly_benchmarks: an argument makes no sense; see --help\n";
        return 2;
    }
    auto pointers = google_arguments(arguments, chosen);
    int count = static_cast<int>(pointers.size());
    pointers.push_back(nullptr);
    benchmark::Initialize(&count, pointers.data());
    if (benchmark::ReportUnrecognizedArguments(count, pointers.data())) return 2;

    for (const auto& one : bench::contestants()) {
        if (chosen.pairs && one.enter_pairs != nullptr) one.enter_pairs(chosen);
        if (chosen.scarce && one.enter_scarce != nullptr) one.enter_scarce(chosen);
        if (chosen.registry && one.enter_registry != nullptr) one.enter_registry(chosen);
        if (chosen.growth && one.enter_growth != nullptr) one.enter_growth(chosen);
    }
    const company keeps_mutexes_honest;
    bench::measurements measured;
    if (chosen.pairs || chosen.scarce || chosen.registry || chosen.growth) {
        bench::collecting_reporter reporter{measured};
        benchmark::RunSpecifiedBenchmarks(&reporter);
    }
    bench::contention_samples samples;
    const auto rounds = chosen.contention_rounds;
    if (chosen.contention)
        run_contention(samples, {bench::crowds.begin(), bench::crowds.end()}, rounds, chosen.contention_length);
    if (chosen.waiting) run_contention(samples, waiting_cases(), rounds, chosen.waiting_length);
    bench::handoff_samples handoffs;
    if (chosen.handoff) handoffs = bench::measure_handoffs(chosen);
    std::optional<bench::supervision_sample> supervision;
    if (chosen.supervision) supervision = bench::measure_supervision(chosen);
    bench::clear_progress();
    print_all(measured, samples, handoffs, supervision, chosen.quick);
    benchmark::Shutdown();
    return 0;
}
