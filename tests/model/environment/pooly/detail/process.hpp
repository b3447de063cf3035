// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include <pooly/detail/coarse_tick.hpp>
#include <pooly/detail/control_block.hpp>
#include <pooly/detail/parking_spot.hpp>
#include <pooly/detail/process_fence.hpp>

#include "support/world.hpp"

namespace pooly::detail {

/// The services of a process, as far as a pool needs them, for one world.
class process {
public:
    [[nodiscard]] static process& instance() noexcept { return model::world::now().process(); }

    [[nodiscard]] control_block& take_block() {
        const std::lock_guard<std::mutex> all{mutex_};
        if (free_ == nullptr) {
            free_ = all_.emplace_back(std::make_unique<control_block>()).get();
            free_->has_process_fence = has_fence;
        }
        control_block& block = *std::exchange(free_, free_->next_free);
        const std::lock_guard<std::mutex> guard{block.mutex};
        block.pool_id = ++last_id_;
        return block;
    }
    void give_back(control_block& block) noexcept {
        const std::lock_guard<std::mutex> all{mutex_};
        block.next_free = std::exchange(free_, &block);
    }

    [[nodiscard]] std::shared_ptr<coarse_tick> tick() const { return std::make_shared<coarse_tick>(); }
    [[nodiscard]] static unsigned forks() noexcept { return 0; }

    bool has_fence = true;  // asked when a block is made
    /// One for each thread, for as long as the world is there: the threads of a model end together.
    std::array<parking_spot, model::most_threads + 1> spots{};

private:
    std::mutex mutex_;
    std::vector<std::unique_ptr<control_block>> all_;
    control_block* free_ = nullptr;
    std::uint64_t last_id_ = 0;
};

inline parking_spot& parking_spot::mine() { return process::instance().spots[model::world::now().thread()]; }

}  // namespace pooly::detail
