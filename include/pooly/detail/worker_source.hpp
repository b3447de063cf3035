// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include <pooly/create_context.hpp>
#include <pooly/detail/refuse.hpp>
#include <pooly/worker_traits.hpp>

namespace pooly::detail {

/// All that the engine needs to know of a worker's type, and the only way by which it calls user code.
class worker_source {
public:
    worker_source() = default;
    worker_source(const worker_source&) = delete;
    worker_source& operator=(const worker_source&) = delete;
    virtual ~worker_source() = default;

    virtual void construct(void* where, const create_context& context) = 0;
    virtual void destroy(void* worker) noexcept = 0;
    [[nodiscard]] virtual bool healthy(void* worker) = 0;
    virtual void reset(void* worker) = 0;
    virtual void retire(void* worker) = 0;
    [[nodiscard]] virtual bool checks_health() const noexcept = 0;
    [[nodiscard]] virtual bool resets() const noexcept = 0;
};

template <class T>
class typed_source : public worker_source {
public:
    explicit typed_source(worker_hooks<T> hooks) : hooks_{with_traits<T>(std::move(hooks))} {}

    void destroy(void* worker) noexcept final { std::destroy_at(static_cast<T*>(worker)); }
    [[nodiscard]] bool healthy(void* worker) final {
        return !hooks_.healthy || hooks_.healthy(*static_cast<T*>(worker));
    }
    void reset(void* worker) final { call(hooks_.reset, worker); }
    void retire(void* worker) final { call(hooks_.retire, worker); }
    [[nodiscard]] bool checks_health() const noexcept final { return static_cast<bool>(hooks_.healthy); }
    [[nodiscard]] bool resets() const noexcept final { return static_cast<bool>(hooks_.reset); }

    void begin(T& worker) const { call(hooks_.begin, &worker); }
    void commit(T& worker) const { call(hooks_.commit, &worker); }
    void rollback(T& worker) const { call(hooks_.rollback, &worker); }

private:
    static void call(const std::function<void(T&)>& hook, void* worker) {
        if (hook) hook(*static_cast<T*>(worker));
    }

    worker_hooks<T> hooks_;
};

/// What a factory gives: it may take a create_context or nothing.
template <class Factory>
struct factory_result {};
template <class Factory>
requires std::invocable<Factory&, const create_context&>
struct factory_result<Factory> {
    using type = std::invoke_result_t<Factory&, const create_context&>;
};
template <class Factory>
requires(!std::invocable<Factory&, const create_context&> && std::invocable<Factory&>) struct factory_result<Factory> {
    using type = std::invoke_result_t<Factory&>;
};

template <class Factory>
concept factory = requires {
    typename factory_result<std::decay_t<Factory>>::type;
};

template <class Factory>
using factory_result_t = typename factory_result<std::decay_t<Factory>>::type;

/// Keeps a constructor that takes anything from being taken for a copy.
template <class Given, class Own>
concept other_than = !std::same_as<std::remove_cvref_t<Given>, Own>;

template <class T, class Factory>
class factory_source final : public typed_source<T> {
public:
    template <class F>
    factory_source(F&& factory, worker_hooks<T> hooks)
        : typed_source<T>{std::move(hooks)}, factory_(std::forward<F>(factory)) {
        // std::function, function pointers and their like can be empty
        if constexpr (requires {
                          { factory_ == nullptr } -> std::convertible_to<bool>;
                      })
            if (factory_ == nullptr) refuse("factory", "must not be empty");
    }

    /// Built in place: a T need be neither copyable nor movable.
    void construct(void* where, const create_context& context) override {
        if constexpr (std::invocable<Factory&, const create_context&>)
            ::new (where) T(std::invoke(factory_, context));
        else
            ::new (where) T(std::invoke(factory_));
    }

private:
    Factory factory_;
};

}  // namespace pooly::detail
