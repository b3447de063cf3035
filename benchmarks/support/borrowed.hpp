// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include "worker.hpp"

namespace bench {

/// The RAII guard for competitors that come without one, so that every pair ends the same way: in a destructor.
/// `Pool` has `give_back(handle)` and `worker_of(handle)`.
template <class Pool, class Handle = worker*>
class borrowed {
public:
    borrowed(Pool& pool, Handle handle) noexcept : pool_{&pool}, handle_{handle} {}
    borrowed(borrowed&& other) noexcept : pool_{std::exchange(other.pool_, nullptr)}, handle_{other.handle_} {}
    borrowed& operator=(borrowed&& other) noexcept {
        borrowed{std::move(other)}.swap(*this);
        return *this;
    }
    ~borrowed() {
        if (pool_ != nullptr) pool_->give_back(handle_);
    }

    [[nodiscard]] worker& operator*() const noexcept { return pool_->worker_of(handle_); }

private:
    void swap(borrowed& other) noexcept {
        std::swap(pool_, other.pool_);
        std::swap(handle_, other.handle_);
    }

    Pool* pool_;
    Handle handle_;
};

}  // namespace bench
