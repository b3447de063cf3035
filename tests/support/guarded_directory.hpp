// SPDX-License-Identifier: MIT
#pragma once

#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "support/process.hpp"

namespace pooly::test {

/// A directory for a server, gone afterwards with the server that runs in it: also when this process is killed, by
/// a process that waits for just that.
class guarded_directory {
public:
    /// The file is where the server writes its process id.
    explicit guarded_directory(std::string pid_file) : pid_file_{std::move(pid_file)} {
        path_ = (std::filesystem::temp_directory_path() / "pooly-test-XXXXXX").string();
        if (::mkdtemp(path_.data()) == nullptr) fail_with_errno(path_);
        std::filesystem::permissions(path_, std::filesystem::perms{0755});
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail_with_errno("pipe");
        watcher_ = ::fork();
        if (watcher_ < 0) fail_with_errno("fork");
        if (watcher_ == 0) {
            ::close(ends[1]);
            watch(ends[0]);
        }
        ::close(ends[0]);
        alive_ = ends[1];
    }
    guarded_directory(const guarded_directory&) = delete;
    guarded_directory& operator=(const guarded_directory&) = delete;
    ~guarded_directory() {
        ::close(alive_);  // the same way, so that it is tested with each run
        ::waitpid(watcher_, nullptr, 0);
    }

    [[nodiscard]] std::string pid_file() const { return file(pid_file_); }
    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    [[nodiscard]] std::string file(const std::string& name) const { return path_ + '/' + name; }

private:
    /// In a process of its own, which was forked when there was one thread only.
    [[noreturn]] void watch(int alive) {
        ::setsid();  // Ctrl-C is for the test
        const int nowhere = ::open("/dev/null", O_RDWR);
        for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(nowhere, standard);
        char never = 0;
        while (::read(alive, &never, 1) < 0 && errno == EINTR) continue;
        long running = 0;
        if (std::ifstream{file(pid_file_)} >> running && running > 1) kill_with_children(static_cast<pid>(running));
        // And whom a server has left behind that was killed while they stood still.
        const auto deadline = std::chrono::steady_clock::now() + 10s;
        while (kill_those_in(path_) && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
        ::_exit(0);
    }

    std::string pid_file_;
    std::string path_;
    pid watcher_ = -1;
    int alive_ = -1;
};

}  // namespace pooly::test
