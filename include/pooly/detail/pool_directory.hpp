// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <pooly/detail/birthplace.hpp>
#include <pooly/detail/pool_entry.hpp>
#include <pooly/detail/registry_errors.hpp>
#include <pooly/detail/striped_mutex.hpp>

namespace pooly::detail {

/// Names and the pools that have them. No pool is made, used or destroyed under its lock. Thread safety: any.
class pool_directory {
    struct hash {
        using is_transparent = void;
        [[nodiscard]] std::size_t operator()(std::string_view name) const noexcept {
            return std::hash<std::string_view>{}(name);
        }
    };
    /// A name without a pool is one that is being added.
    using table = std::unordered_map<std::string, std::shared_ptr<pool_entry>, hash, std::equal_to<>>;

public:
    /// A name that nobody else can have until it is given up, by the end of this, or has its pool.
    class reservation {
    public:
        /// Throws `name_taken`, or `closed`.
        reservation(pool_directory& in, std::string_view name) : in_{in} {
            std::string key{name};
            const std::lock_guard<striped_mutex> guard{in_.lock_};
            if (in_.closed_) throw registry_closed(name);
            const auto [place, is_new] = in_.pools_.try_emplace(std::move(key));
            if (!is_new) throw name_taken(name);
            ++in_.reserved_;
            place_ = &*place;  // stays where it is, and nobody else takes it out
        }
        reservation(const reservation&) = delete;
        reservation& operator=(const reservation&) = delete;
        ~reservation() {
            if (place_ == nullptr) return;
            const std::lock_guard<striped_mutex> guard{in_.lock_};
            in_.pools_.erase(in_.pools_.find(place_->first));
            --in_.reserved_;
        }

        /// From now on the pool is found. Throws `closed`; the name is then still reserved.
        void fill(std::shared_ptr<pool_entry> made) {
            const std::lock_guard<striped_mutex> guard{in_.lock_};
            if (in_.closed_) throw registry_closed(place_->first);
            place_->second = std::move(made);
            place_ = nullptr;
            --in_.reserved_;
        }

    private:
        pool_directory& in_;
        table::value_type* place_ = nullptr;
    };

    pool_directory() : pools_{} {}
    pool_directory(const pool_directory&) = delete;
    pool_directory& operator=(const pool_directory&) = delete;
    /// The hooks of the pools that die with it may still look into it.
    ~pool_directory() {
        if (birthplace_.is_left()) return;  // others, who are not here, may have been writing in it
        {
            table last;
            const std::lock_guard<striped_mutex> guard{lock_};  // gone before `last`
            closed_ = true;
            last.swap(pools_);
        }
        pools_.~table();
    }

    /// Null if there is none.
    [[nodiscard]] std::shared_ptr<pool_entry> find(std::string_view name) const {
        const std::shared_lock<striped_mutex> guard{lock_};
        const auto found = pools_.find(name);
        return found != pools_.end() ? found->second : nullptr;
    }

    /// Null if there was none. The pool dies with the result, unless somebody else holds it.
    [[nodiscard]] std::shared_ptr<pool_entry> take_out(std::string_view name) {
        const std::lock_guard<striped_mutex> guard{lock_};
        const auto found = pools_.find(name);
        if (found == pools_.end() || !found->second) return nullptr;
        auto taken = std::move(found->second);
        pools_.erase(found);
        return taken;
    }

    /// Sorted.
    [[nodiscard]] std::vector<std::string> names() const {
        std::vector<std::string> all;
        {
            const std::shared_lock<striped_mutex> guard{lock_};
            all.reserve(pools_.size());
            for (const auto& [name, one] : pools_)
                if (one) all.push_back(name);
        }
        std::sort(all.begin(), all.end());
        return all;
    }

    [[nodiscard]] std::size_t size() const {
        const std::shared_lock<striped_mutex> guard{lock_};
        return pools_.size() - reserved_;
    }

    /// Takes in no pool any more.
    void close() {
        const std::lock_guard<striped_mutex> guard{lock_};
        closed_ = true;
    }

    /// Calls `visit(name, pool_entry&)` by name for each that is still there when its turn has come. Holds on to one at
    /// a time: a visit that takes long keeps no other pool alive.
    template <class Visit>
    void for_each(Visit&& visit) const {
        for (auto& name : names())
            if (const auto one = find(name)) visit(name, *one);
    }

private:
    mutable striped_mutex lock_;  // guards all of these
    union {                       // not to end by itself
        table pools_;
    };
    std::size_t reserved_ = 0;
    bool closed_ = false;
    const birthplace birthplace_{};
};

}  // namespace pooly::detail
