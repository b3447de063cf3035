// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>

namespace pooly::model {

/// A model as the search sees it: made anew for each execution. Virtual, so that the checker, which is many times as
/// large as all models, is compiled once and not once for each.
class scenario {
public:
    scenario() = default;
    scenario(const scenario&) = delete;
    scenario& operator=(const scenario&) = delete;
    virtual ~scenario() = default;

    /// Alone, before the threads and behind them.
    virtual void before() = 0;
    virtual void after() = 0;
    /// In each of the threads.
    virtual void run(unsigned index) = 0;
};

using maker = std::function<std::unique_ptr<scenario>()>;

}  // namespace pooly::model
