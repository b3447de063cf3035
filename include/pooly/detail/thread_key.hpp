// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <cstdint>
#include <thread>
#include <type_traits>

namespace pooly::detail {

/// A thread's id as a number: `std::thread::id` has no constexpr constructor, which a thread_local without a check for
/// its first use needs.
using thread_key = std::conditional_t<sizeof(std::thread::id) == sizeof(std::uint32_t), std::uint32_t, std::uint64_t>;

[[nodiscard]] inline thread_key key_of(std::thread::id id) noexcept { return std::bit_cast<thread_key>(id); }
[[nodiscard]] inline std::thread::id id_of(thread_key key) noexcept { return std::bit_cast<std::thread::id>(key); }

}  // namespace pooly::detail
