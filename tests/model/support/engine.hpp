// SPDX-License-Identifier: MIT
#pragma once

// The whole library, as it is, on modelled atomics, mutexes, condition variables and time.
#include "support/modelled_std.hpp"
//
#include <pooly/detail/atomic_histogram.hpp>  // counts, which order nothing
#include <pooly/error.hpp>                    // specialises a template of the standard's own

#define std modelled
#include <pooly/detail/thread_card.hpp>
// Relacy's threads are fibers of one thread.
#define this_thread_card (::pooly::model::world::now().card())
#include <pooly/pooly.hpp>
#undef this_thread_card
#undef std

namespace pooly::model {

inline world::world() {
    now_ = this;
    times_.fill(beginning);
    // Numbered once and for all: where a thread begins to look must be the same in each execution.
    static const auto numbered = [this] {
        std::vector<detail::thread_card> cards(most_threads + 1);
        for (alone_ = 0; alone_ < cards.size(); ++alone_) (void)cards[alone_].number();
        alone_ = most_threads;
        return cards;
    }();
    cards_ = numbered;
    process_ = std::make_shared<detail::process>();
}

inline world::~world() {
    process_.reset();
    kept_.clear();
    now_ = nullptr;
}

inline detail::thread_card& world::card_of(std::size_t thread) noexcept { return cards_[thread]; }

}  // namespace pooly::model
