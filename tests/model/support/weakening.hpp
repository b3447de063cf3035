// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace pooly::model {

/// One operation of the engine that is to be less than it says: its memory order is taken as relaxed, or as acquire and
/// release where it is more; a fence is left out. POOLY_MODEL_WEAKEN names it by file and lines, as in
/// `slot.hpp:76-78`, with `:acq_rel` behind it for the latter.
class weakening {
public:
    [[nodiscard]] static weakening& asked_for() {
        static weakening one{std::getenv("POOLY_MODEL_WEAKEN")};
        return one;
    }

    [[nodiscard]] bool is_on() const noexcept { return last_ > 0; }
    [[nodiscard]] bool concerns(std::string_view file, int line) noexcept {
        if (line < first_ || line > last_ || !file.ends_with(file_)) return false;
        ++met_;
        return true;
    }
    [[nodiscard]] bool leaves_acq_rel() const noexcept { return leaves_acq_rel_; }
    [[nodiscard]] std::uint64_t met() const noexcept { return met_; }

private:
    explicit weakening(const char* asked) {
        if (asked == nullptr) return;
        const std::string text{asked};
        const auto colon = text.find(':');
        const auto dash = text.find('-', colon);
        if (dash == std::string::npos) return;
        file_ = "/" + text.substr(0, colon);
        first_ = std::atoi(text.c_str() + colon + 1);
        last_ = std::atoi(text.c_str() + dash + 1);
        leaves_acq_rel_ = text.ends_with(":acq_rel");
    }

    std::string file_;
    int first_ = 1;
    int last_ = 0;
    bool leaves_acq_rel_ = false;
    std::uint64_t met_ = 0;
};

}  // namespace pooly::model
