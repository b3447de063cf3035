// SPDX-License-Identifier: MIT
#pragma once

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstddef>
#include <iostream>
#include <map>
#include <optional>
#include <string>
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

/// How long one pair took, in nanoseconds of wall clock over all threads together: the inverse of the throughput.
struct pair_time {
    double median_ns = 0;
    double best_ns = 0;  ///< of all repetitions: the least disturbed
};

/// Every repetition of every benchmark that ran.
class measurements {
public:
    /// `family` is "pair/pooly", `arguments` "size:8".
    void add(const std::string& family, const std::string& arguments, long threads, double pair_ns) {
        times_[key(family, arguments, threads)].push_back(pair_ns);
    }

    /// Returns nothing where that was not measured.
    [[nodiscard]] std::optional<pair_time> find(const std::string& family, const std::string& arguments,
                                                long threads) const {
        const auto found = times_.find(key(family, arguments, threads));
        if (found == times_.end()) return std::nullopt;
        const auto& times = found->second;
        return pair_time{median(times), *std::min_element(times.begin(), times.end())};
    }

    [[nodiscard]] bool empty() const noexcept { return times_.empty(); }

private:
    static std::string key(const std::string& family, const std::string& arguments, long threads) {
        return family + ' ' + arguments + ' ' + std::to_string(threads);
    }

    std::map<std::string, std::vector<double>> times_;
};

/// Fills `measurements` instead of printing thousands of lines; the JSON file has them all.
class collecting_reporter : public benchmark::BenchmarkReporter {
public:
    explicit collecting_reporter(measurements& into) : into_{&into} {}

    bool ReportContext(const Context&) override { return true; }

    void ReportRuns(const std::vector<Run>& runs) override {
        for (const Run& run : runs) {
            if (run.run_type != Run::RT_Iteration) continue;
            const auto pairs = run.counters.find(pairs_counter);
            const auto seconds = run.counters.find(seconds_counter);
            if (pairs == run.counters.end() || seconds == run.counters.end()) {
                std::cerr << run.benchmark_name() << ": no result\n";
                continue;
            }
            const auto& name = run.run_name;
            into_->add(name.function_name, name.args, static_cast<long>(run.threads),
                       1e9 * seconds->second.value / pairs->second.value);
        }
    }

private:
    measurements* into_;
};

}  // namespace bench
