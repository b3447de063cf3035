// SPDX-License-Identifier: MIT
#pragma once

#if __has_include(<unistd.h>) && __has_include(<sys/wait.h>)
#define POOLY_TEST_HAS_FORK 1

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <string>

namespace pooly::test {

struct child_end {
    int status = 0;          // of waitpid
    std::string error_text;  // all of its stderr

    [[nodiscard]] bool aborted() const { return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT; }
    [[nodiscard]] bool exited_with(int code) const { return WIFEXITED(status) && WEXITSTATUS(status) == code; }
};

/// Runs a function in a forked child. Its result is the child's exit status; 99 stands for an exception.
template <class Function>
[[nodiscard]] child_end in_child_process(Function&& function) {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) throw std::runtime_error{"pipe failed"};
    const auto child = ::fork();
    if (child < 0) throw std::runtime_error{"fork failed"};
    if (child == 0) {
        ::signal(SIGABRT, SIG_DFL);  // Catch's handler would tell the test's story a second time
        ::dup2(ends[1], STDERR_FILENO);
        const int nowhere = ::open("/dev/null", O_WRONLY);
        if (nowhere >= 0) ::dup2(nowhere, STDOUT_FILENO);
        ::close(ends[0]);
        ::close(ends[1]);
        int code = 99;
        try {
            code = function();
        } catch (...) {
        }
        ::_exit(code);
    }
    ::close(ends[1]);
    child_end end;
    std::array<char, 256> some{};
    for (;;) {
        const auto got = ::read(ends[0], some.data(), some.size());
        if (got <= 0) break;
        end.error_text.append(some.data(), static_cast<std::string::size_type>(got));
    }
    ::close(ends[0]);
    ::waitpid(child, &end.status, 0);
    return end;
}

}  // namespace pooly::test

#else
#define POOLY_TEST_HAS_FORK 0
#endif
