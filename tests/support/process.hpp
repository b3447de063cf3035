// SPDX-License-Identifier: MIT
#pragma once

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

namespace pooly::test {

using namespace std::chrono_literals;
using pid = ::pid_t;

[[noreturn]] inline void fail_with_errno(const std::string& what) {
    throw std::system_error{errno, std::generic_category(), what};
}

/// What /proc says of a process behind its name, which may have anything in it: its state, its parent, ...; empty of
/// one that is gone.
[[nodiscard]] inline std::string state_and_parent(const std::string& process) {
    std::ifstream file{"/proc/" + process + "/stat"};
    std::string stat;
    std::getline(file, stat);
    const auto name_end = stat.rfind(") ");
    return name_end == stat.npos ? std::string{} : stat.substr(name_end + 2);
}

[[nodiscard]] inline bool is_running(pid process) {
    const auto state = state_and_parent(std::to_string(process));
    return !state.empty() && state[0] != 'Z';
}

/// The processes that a process has started; of one that is gone there are none.
[[nodiscard]] inline std::vector<pid> children_of(pid parent) {
    std::vector<pid> children;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator{"/proc", ignored}) {
        const auto name = entry.path().filename().string();
        if (std::isdigit(static_cast<unsigned char>(name[0])) == 0) continue;
        const auto state = state_and_parent(name);
        if (state.size() > 2 && std::stol(state.substr(2)) == parent)
            children.push_back(static_cast<pid>(std::stol(name)));
    }
    return children;
}

/// Ends a server, frozen or not, and the processes that it has started; these first, or they would say goodbye to their
/// clients when they see their parent gone. Returns when they are gone, since the next server wants what is theirs.
inline void kill_with_children(pid server) {
    ::kill(server, SIGSTOP);
    const auto children = children_of(server);
    for (const pid child : children) ::kill(child, SIGKILL);
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    for (const pid child : children)
        while (is_running(child) && std::chrono::steady_clock::now() < deadline) std::this_thread::sleep_for(1ms);
    ::kill(server, SIGKILL);
}

/// Ends the processes that work in a directory, or below it; false if there were none.
inline bool kill_those_in(const std::string& directory) {
    bool found = false;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator{"/proc", ignored}) {
        const auto name = entry.path().filename().string();
        if (std::isdigit(static_cast<unsigned char>(name[0])) == 0) continue;
        const auto works_in = std::filesystem::read_symlink(entry.path() / "cwd", ignored).string() + '/';
        if (!works_in.starts_with(directory + '/')) continue;
        found = true;
        ::kill(static_cast<pid>(std::stol(name)), SIGKILL);
    }
    return found;
}

/// Database servers refuse to run as root, or should: there they are run as `nobody`.
struct account {
    uid_t uid = ::geteuid();
    gid_t gid = ::getegid();
    bool changes = false;

    [[nodiscard]] static account for_servers() {
        if (::geteuid() != 0) return {};
        const passwd* const nobody = ::getpwnam("nobody");
        if (nobody == nullptr) throw std::runtime_error{"there is no user nobody to run a server as"};
        return {nobody->pw_uid, nobody->pw_gid, true};
    }
    void own(const std::filesystem::path& path) const {
        if (changes && ::lchown(path.c_str(), uid, gid) != 0) fail_with_errno(path.string());
    }
};

/// Starts a program, its output going to a file. It dies with us, whatever we die of, unless it is stopped then.
[[nodiscard]] inline pid start_program(std::vector<std::string> words, const account& who, const std::string& output,
                                       const std::string& directory) {
    std::vector<char*> arguments;
    for (auto& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const pid parent = ::getpid();
    const pid child = ::fork();
    if (child < 0) fail_with_errno("fork");
    if (child > 0) return child;
    // Nothing below allocates: another thread may have held the allocator's lock.
    const int file = ::open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ::dup2(nothing, STDIN_FILENO);
    ::dup2(file, STDOUT_FILENO);
    ::dup2(file, STDERR_FILENO);
    if (who.changes && (::setgroups(0, nullptr) != 0 || ::setgid(who.gid) != 0 || ::setuid(who.uid) != 0)) ::_exit(98);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // a change of the user would undo it
    if (::getppid() != parent || ::chdir(directory.c_str()) != 0) ::_exit(97);
    ::execv(arguments[0], arguments.data());
    ::_exit(96);
}

[[nodiscard]] inline std::string contents_of(const std::string& path) {
    std::ifstream file{path};
    return {std::istreambuf_iterator<char>{file}, {}};
}

inline void run_program(const std::vector<std::string>& words, const account& who, const std::string& output,
                        const std::string& directory) {
    int status = 0;
    ::waitpid(start_program(words, who, output, directory), &status, 0);
    if (status != 0) throw std::runtime_error{words.front() + " failed: " + contents_of(output)};
}

}  // namespace pooly::test
