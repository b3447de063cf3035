// SPDX-License-Identifier: MIT
#pragma once

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstddef>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "rounds.hpp"

namespace bench {

/// Middle value; of an even number the mean of the two.
[[nodiscard]] inline double median(std::vector<double> values) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    const std::size_t middle = values.size() / 2;
    return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

/// One repetition of one benchmark.
struct repetition {
    double pair_ns = 0;
    bool disturbed = false;  ///< another process took a processor from it
};

/// Every repetition of every benchmark that ran.
class measurements {
public:
    /// `family` is "pair/pooly", `arguments` "size:8".
    void add(const std::string& family, const std::string& arguments, long threads, repetition one) {
        taken_[key(family, arguments, threads)].push_back(one);
    }

    /// The median time of a pair in nanoseconds, all threads together: the inverse of the throughput. With no more
    /// threads than processors, only of the repetitions that no other process disturbed, if there are some.
    /// Returns nothing where that was not measured.
    [[nodiscard]] std::optional<double> find(const std::string& family, const std::string& arguments,
                                             long threads) const {
        const auto found = taken_.find(key(family, arguments, threads));
        if (found == taken_.end()) return std::nullopt;
        std::vector<double> all;
        std::vector<double> undisturbed;
        for (const repetition& one : found->second) {
            all.push_back(one.pair_ns);
            if (!one.disturbed) undisturbed.push_back(one.pair_ns);
        }
        constexpr std::size_t some = 3;
        const bool choose = threads <= static_cast<long>(std::thread::hardware_concurrency());
        return median(choose && undisturbed.size() >= some ? undisturbed : all);
    }

private:
    static std::string key(const std::string& family, const std::string& arguments, long threads) {
        return family + ' ' + arguments + ' ' + std::to_string(threads);
    }

    std::map<std::string, std::vector<repetition>> taken_;
};

/// Fills `measurements` instead of printing thousands of lines; the JSON file has them all.
class collecting_reporter : public benchmark::BenchmarkReporter {
public:
    explicit collecting_reporter(measurements& into) : into_{&into} {}

    bool ReportContext(const Context&) override { return true; }

    void ReportRuns(const std::vector<Run>& runs) override {
        for (const Run& run : runs) {
            if (run.run_type != Run::RT_Iteration) continue;
            const auto rate = run.counters.find(rate_counter);
            const auto preempted = run.counters.find(preempted_counter);
            if (rate == run.counters.end() || preempted == run.counters.end()) {
                std::cerr << run.benchmark_name() << ": no result\n";
                continue;
            }
            const auto& name = run.run_name;
            into_->add(name.function_name, name.args, static_cast<long>(run.threads),
                       {.pair_ns = 1e9 / rate->second.value, .disturbed = preempted->second.value > 0});
        }
    }

private:
    measurements* into_;
};

}  // namespace bench
