// SPDX-License-Identifier: MIT
#pragma once

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <concepts>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/guarded_directory.hpp"
#include "support/held_port.hpp"
#include "support/process.hpp"

namespace pooly::test {

/// A database server of the tests' own, in a directory of its own, run as an ordinary user.
class test_server {
public:
    test_server(const test_server&) = delete;
    test_server& operator=(const test_server&) = delete;

    [[nodiscard]] int port() const noexcept { return port_.number(); }
    [[nodiscard]] const std::string& directory() const noexcept { return directory_.path(); }
    [[nodiscard]] std::string log() const { return contents_of(directory_.file("log")); }

    /// As a power cut would.
    void kill() {
        kill_with_children(process_);
        await_end();
        ::unlink(directory_.pid_file().c_str());
    }

    /// Nothing answers any more, and nothing is closed, until `thaw()`.
    void freeze() {
        ::kill(process_, SIGSTOP);
        ::waitpid(process_, nullptr, WUNTRACED);  // all of its threads stand still; a signal says no such thing
        for (const pid child : children_of(process_)) {
            ::kill(child, SIGSTOP);
            while (is_running(child) && state_and_parent(std::to_string(child))[0] != 'T') std::this_thread::yield();
        }
        frozen_ = true;
    }
    void thaw() noexcept {
        if (!std::exchange(frozen_, false)) return;
        for (const pid child : children_of(process_)) ::kill(child, SIGCONT);
        ::kill(process_, SIGCONT);
    }

protected:
    explicit test_server(std::string pid_file) : directory_{std::move(pid_file)} { who_.own(directory_.path()); }
    ~test_server() = default;

    [[nodiscard]] std::string file(const std::string& name) const { return directory_.file(name); }

    /// Runs one of the server's programs to its end.
    void run(const std::vector<std::string>& words) const {
        run_program(words, who_, directory_.file("setup.log"), directory_.path());
    }

    /// Starts the server; returns when `answers` says that it does.
    template <std::predicate Answers>
    void start_and_await(const std::vector<std::string>& words, const Answers& answers) {
        process_ = start_program(words, who_, directory_.file("log"), directory_.path());
        const auto deadline = std::chrono::steady_clock::now() + 30s;
        while (!answers()) {
            int status = 0;
            if (::waitpid(process_, &status, WNOHANG) != 0) {
                process_ = -1;
                throw std::runtime_error{words.front() + " does not start: " + log()};
            }
            if (std::chrono::steady_clock::now() > deadline)
                throw std::runtime_error{words.front() + " does not answer: " + log()};
            std::this_thread::sleep_for(10ms);
        }
    }

    /// Ends all sessions by a signal that does it at once, and waits until the server is gone.
    void stop_by(int signal) noexcept {
        if (process_ < 0) return;
        thaw();
        ::kill(process_, signal);
        await_end();
    }

private:
    void await_end() noexcept {
        ::waitpid(process_, nullptr, 0);
        process_ = -1;
        frozen_ = false;
    }

    guarded_directory directory_;
    account who_ = account::for_servers();
    held_port port_;
    pid process_ = -1;
    bool frozen_ = false;
};

/// A server that says nothing while this lives.
class frozen {
public:
    explicit frozen(test_server& asleep) : asleep_{asleep} { asleep_.freeze(); }
    frozen(const frozen&) = delete;
    frozen& operator=(const frozen&) = delete;
    ~frozen() { asleep_.thaw(); }

private:
    test_server& asleep_;
};

/// A server that is gone while this lives; it is started again by `start()`.
template <std::derived_from<test_server> Server>
class dead {
public:
    explicit dead(Server& gone) : gone_{gone} { gone_.kill(); }
    dead(const dead&) = delete;
    dead& operator=(const dead&) = delete;
    ~dead() {
        try {
            come_back();
        } catch (const std::exception& failure) {  // the next case will fail, too
            std::fprintf(stderr, "%s\n", failure.what());
        }
    }

    void come_back() {
        if (std::exchange(back_, true)) return;
        gone_.start();
    }

private:
    Server& gone_;
    bool back_ = false;
};

}  // namespace pooly::test
