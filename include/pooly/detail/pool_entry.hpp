// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>

#include <pooly/detail/type_key.hpp>
#include <pooly/detail/type_name.hpp>
#include <pooly/pool.hpp>
#include <pooly/pool_options.hpp>
#include <pooly/pool_status.hpp>
#include <pooly/worker_traits.hpp>

namespace pooly::detail {

/// A pool whatever its workers are: all that a registry, and who watches over its pools, need to know.
class pool_entry {
public:
    pool_entry(const pool_entry&) = delete;
    pool_entry& operator=(const pool_entry&) = delete;
    virtual ~pool_entry() = default;

    [[nodiscard]] virtual pool_status status() const = 0;
    virtual void restart() = 0;
    virtual void close() noexcept = 0;
    [[nodiscard]] virtual std::size_t drain(std::chrono::nanoseconds timeout) = 0;

    [[nodiscard]] const type_key& type() const noexcept { return type_; }
    /// For people.
    [[nodiscard]] std::string_view type_text() const noexcept { return type_text_; }

protected:
    pool_entry(const type_key& type, std::string_view text) noexcept : type_{type}, type_text_{text} {}

private:
    type_key type_;
    std::string_view type_text_;
};

/// How a pool's type is told: by its worker, and by its clock only if that is not the usual one.
template <class T, class Clock>
[[nodiscard]] constexpr std::string_view pool_type_text() noexcept {
    if constexpr (std::is_same_v<Clock, typename pool<T>::clock>)
        return type_name<T>();
    else
        return type_name<pool<T, Clock>>();
}

template <class T, class Clock>
class typed_entry final : public pool_entry {
public:
    template <class Factory>
    typed_entry(Factory&& factory, const pool_options& options, worker_hooks<T> hooks)
        : pool_entry{type_key::of<pool<T, Clock>>(), pool_type_text<T, Clock>()},
          pool_{std::forward<Factory>(factory), options, std::move(hooks)} {
        pool_access::core_of(pool_).heal_by_itself();
    }

    [[nodiscard]] pool_status status() const override { return pool_.status(); }
    void restart() override { pool_.restart(); }
    void close() noexcept override { pool_.close(); }
    [[nodiscard]] std::size_t drain(std::chrono::nanoseconds timeout) override { return pool_.drain_for(timeout); }

    /// The pool in an entry, which lives as long as the result; null if it is of another type.
    [[nodiscard]] static std::shared_ptr<pool<T, Clock>> of(std::shared_ptr<pool_entry> one) noexcept {
        if (!one || one->type() != type_key::of<pool<T, Clock>>()) return nullptr;
        auto& held = static_cast<typed_entry&>(*one).pool_;
        return {std::move(one), &held};
    }

private:
    pool<T, Clock> pool_;
};

}  // namespace pooly::detail
