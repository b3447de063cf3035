// SPDX-License-Identifier: MIT
#pragma once

#include <mutex>

#include <pooly/detail/control_block.hpp>
#include <pooly/detail/process.hpp>

namespace pooly::detail {

/// A pool's stay in its control block.
class control_handle {
public:
    control_handle() : block_{&process::instance().take_block()} {}
    control_handle(const control_handle&) = delete;
    control_handle& operator=(const control_handle&) = delete;
    ~control_handle() {
        {
            const std::lock_guard<std::mutex> guard{block_->mutex};
            block_->vacate();
        }
        process::instance().give_back(*block_);
    }

    [[nodiscard]] control_block& operator*() const noexcept { return *block_; }
    [[nodiscard]] control_block* operator->() const noexcept { return block_; }

private:
    control_block* block_;
};

}  // namespace pooly::detail
