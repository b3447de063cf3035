// SPDX-License-Identifier: MIT

// Looking at what changes (S5): what is told of a holder is all of one check-out.
#include <cstdint>
#include <string_view>

#include "support/listed.hpp"

namespace pooly::model::holders {

namespace {

using namespace std::chrono_literals;

/// One returns a worker, or has it replaced, and takes it or the next one; the others look.
template <int threads, bool replaced, bool fence>
class stamps : public one_out<threads, fence> {
public:
    void prepare() override {
        this->open(this->options(1), settling::slots);
        this->out_ = this->pool().checkout({"first", "one", 1});
        made_ = this->out_.info().created;
        worker_ = this->out_.info().id;
        first_ = modelled::this_thread::get_id();
    }
    void run(unsigned index) override {
        if (index == 0) {
            second_ = modelled::this_thread::get_id();
            this->my_world().tick += 1s;
            if (replaced)
                this->out_.discard();
            else
                this->out_.checkin();
            this->my_world().tick += 1s;
            if (auto mine = this->pool().try_checkout({"second", "two", 2})) this->out_ = std::move(mine).value();
            return;
        }
        for (const auto& seen : this->pool().holders()) {
            const std::string_view file = seen.where.file;
            const std::string_view function = seen.where.function;
            require(seen.where.line == 1 || seen.where.line == 2, "somebody holds it");
            const bool first = seen.where.line == 1;
            require(!replaced || seen.worker == worker_ + (first ? 0 : 1), "the worker is that of the line");
            require(file == (first ? "first" : "second"), "the file is that of the line");
            require(function == (first ? "one" : "two"), "the function is that of the line");
            require(seen.thread == (first ? first_ : second_), "the thread is that of the line");
            // On its way home it is marked as idle since then.
            const auto since = seen.since - made_;
            require(first ? since == 0s || since == 1s : since == 2s, "and so is the time");
        }
    }

private:
    std::chrono::system_clock::time_point made_;
    std::uint64_t worker_ = 0;
    std::thread::id first_;
    std::thread::id second_;
};

[[maybe_unused]] const listed models[] = {
    listed::as<stamps<2, false, true>>("holders: beside check-in and check-out"),
    listed::as<stamps<2, false, false>>("holders: beside check-in and check-out, own fence"),
    listed::as<stamps<2, true, true>>("holders: beside one who gets the next worker"),
    listed::as<stamps<3, false, true>>("holders: two look"),
    listed::as<stamps<3, false, false>>("holders: two look, own fence"),
};

}  // namespace

}  // namespace pooly::model::holders
