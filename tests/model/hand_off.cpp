// SPDX-License-Identifier: MIT

// I4: one who stops waiting in the very moment in which it is chosen passes the worker on.
#include "support/listed.hpp"

namespace pooly::model::hand_off {

namespace {

using namespace std::chrono_literals;

/// A wait that may time out at any moment, against the one who returns the worker; with three threads, beside one who
/// waits for ever and must be served.
template <int threads, bool fence>
class timeout : public one_out<threads, fence> {
public:
    void run(unsigned index) override {
        if (index == 0) {
            this->out_.checkin();
        } else if (index == 1) {
            if (auto mine = this->pool().try_checkout_for(1ms))
                mine->use();
            else
                require(mine.error() == pooly::errc::timeout, "who was not served was out of time");
        } else {
            this->wait_for_one()->use();
        }
    }
};

enum class comes { first, second, alone };

/// The same with a stop request, by the one who returns the worker, before or after; or by one who keeps it.
template <int threads, comes request>
class cancel : public one_out<threads> {
public:
    void run(unsigned index) override {
        if (index == 0) {
            if (request == comes::second) this->out_.checkin();
            stop_.request_stop();
            if (request == comes::first) this->out_.checkin();
        } else if (index == 1) {
            if (auto mine = this->pool().try_checkout_until(for_ever, stop_.get_token()))
                mine->use();
            else
                require(mine.error() == pooly::errc::cancelled, "who was not served was to stop");
        } else {
            this->wait_for_one()->use();
        }
    }

private:
    modelled::stop_source stop_;
};

[[maybe_unused]] const listed models[] = {
    listed::as<timeout<2, true>>("hand-off: timeout"),
    listed::as<timeout<2, false>>("hand-off: timeout, own fence"),
    listed::as<cancel<2, comes::first>>("hand-off: cancelled before"),
    listed::as<cancel<2, comes::second>>("hand-off: cancelled after"),
    listed::as<cancel<2, comes::alone>>("hand-off: cancelled, and nothing comes home"),
    listed::as<timeout<3, true>>("hand-off: timeout, another waits"),
    listed::as<timeout<3, false>>("hand-off: timeout, another waits, own fence"),
    listed::as<cancel<3, comes::first>>("hand-off: cancelled, another waits"),
};

}  // namespace

}  // namespace pooly::model::hand_off
