// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>

namespace pooly::model {

inline constexpr std::size_t most_threads = 4;

/// What a thread does where others may see it.
struct touch {
    const void* what = nullptr;  // null: nothing
    bool changes = false;
    const void* also = nullptr;  // a wait: the condition variable beside its mutex

    /// Whether it makes no difference which of the two comes first.
    [[nodiscard]] friend bool commute(const touch& one, const touch& other) noexcept {
        return (!one.changes && !other.changes) || !(one.meets(other.what) || one.meets(other.also));
    }

    [[nodiscard]] bool meets(const void* place) const noexcept {
        return place != nullptr && (place == what || place == also);
    }
};

/// What each thread is about to do, for a search that does not try both orders of what commutes.
class steps {
public:
    [[nodiscard]] static steps& now() noexcept {
        static steps all;
        return all;
    }

    void begin() noexcept { next_.fill({}); }
    /// `thread` is about to do this, and then goes on until it is about to do something again.
    void announce(std::size_t thread, touch what) noexcept { next_[thread] = what; }
    [[nodiscard]] const touch& next_of(std::size_t thread) const noexcept { return next_[thread]; }

private:
    std::array<touch, most_threads> next_{};
};

}  // namespace pooly::model
