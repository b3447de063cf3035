// SPDX-License-Identifier: MIT
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>

#include "support/process.hpp"

namespace pooly::test {

/// How a program that is run beside a server gets to know something.
inline void tell(const char* variable, const std::string& value) { ::setenv(variable, value.c_str(), 1); }

/// All of main: runs the program that the command line names, beside what `start` returns, which is gone afterwards.
template <class Start>
[[nodiscard]] int run_beside(char** command_line, const Start& start) {
    if (command_line[1] == nullptr) {
        std::fprintf(stderr, "usage: %s PROGRAM ARGUMENTS...\n", command_line[0]);
        return 2;
    }
    try {
        const auto servers = start();
        const pid child = ::fork();
        if (child < 0) fail_with_errno("fork");
        if (child == 0) {
            ::execvp(command_line[1], command_line + 1);
            ::perror(command_line[1]);
            ::_exit(127);
        }
        int status = 0;
        ::waitpid(child, &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "%s: %s\n", command_line[0], failure.what());
        return EXIT_FAILURE;
    }
}

}  // namespace pooly::test
