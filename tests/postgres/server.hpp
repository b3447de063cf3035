// SPDX-License-Identifier: MIT
#pragma once

#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <pooly/adapters/postgres.hpp>

namespace postgres_test {

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

/// Ends a server, frozen or not, and all of its backends; these first, or they would say goodbye to their clients when
/// they see their parent gone. Returns when they are gone, since the next server wants what is theirs.
inline void kill_with_children(pid postmaster) {
    ::kill(postmaster, SIGSTOP);
    const auto children = children_of(postmaster);
    for (const pid child : children) ::kill(child, SIGKILL);
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    for (const pid child : children)
        while (is_running(child) && std::chrono::steady_clock::now() < deadline) std::this_thread::sleep_for(1ms);
    ::kill(postmaster, SIGKILL);
}

/// PostgreSQL refuses to run as root: there it is run as `nobody`.
struct account {
    uid_t uid = ::geteuid();
    gid_t gid = ::getegid();
    bool changes = false;

    [[nodiscard]] static account for_servers() {
        if (::geteuid() != 0) return {};
        const passwd* const nobody = ::getpwnam("nobody");
        if (nobody == nullptr) throw std::runtime_error{"there is no user nobody to run PostgreSQL as"};
        return {nobody->pw_uid, nobody->pw_gid, true};
    }
    void own(const std::filesystem::path& path) const {
        if (changes && ::lchown(path.c_str(), uid, gid) != 0) fail_with_errno(path.string());
    }
    void own_all(const std::filesystem::path& path) const {
        own(path);
        for (const auto& each : std::filesystem::recursive_directory_iterator{path}) own(each.path());
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

/// A port of the loopback that was free a moment ago.
[[nodiscard]] inline int free_port() {
    const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    if (::bind(probe, reinterpret_cast<const sockaddr*>(&address), length) != 0 ||
        ::getsockname(probe, reinterpret_cast<sockaddr*>(&address), &length) != 0)
        fail_with_errno("looking for a free port");
    ::close(probe);
    return ntohs(address.sin_port);
}

/// A directory for a server, gone afterwards with the server that runs in it: also when this process is killed, by
/// a process that waits for just that.
class guarded_directory {
public:
    guarded_directory() {
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
        if (std::ifstream{file("data/postmaster.pid")} >> running && running > 1)
            kill_with_children(static_cast<pid>(running));
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
        ::_exit(0);
    }

    std::string path_;
    pid watcher_ = -1;
    int alive_ = -1;
};

/// A PostgreSQL of its own, on a Unix socket and a port of the loopback. Everybody may enter but the user `locked`, who
/// has the password `sesame`.
class server {
public:
    explicit server(int max_connections = 20) : max_connections_{max_connections} {
        who_.own(directory_.path());
        prepare_data();
        start();
    }
    server(const server&) = delete;
    server& operator=(const server&) = delete;
    ~server() { stop(); }

    /// One for all test cases of a run; each leaves it running.
    [[nodiscard]] static server& shared() {
        static server one;
        return one;
    }

    [[nodiscard]] std::string connection_string(const std::string& more = {}) const {
        return "host=" + directory_.path() + " port=" + std::to_string(port_) + " user=pooly dbname=postgres " + more;
    }
    [[nodiscard]] std::string tcp_connection_string(const std::string& more = {}) const {
        return "host=127.0.0.1 port=" + std::to_string(port_) + " user=pooly dbname=postgres " + more;
    }
    [[nodiscard]] int port() const noexcept { return port_; }
    [[nodiscard]] const std::string& directory() const noexcept { return directory_.path(); }

    /// Returns when it accepts connections.
    void start() {
        if (port_ == 0) port_ = free_port();
        const auto setting = [](const std::string& name, const std::string& value) { return name + '=' + value; };
        std::vector<std::string> words{POOLY_TEST_POSTGRES_BINDIR "/postgres", "-D", directory_.file("data")};
        for (const auto& each : {setting("port", std::to_string(port_)), setting("listen_addresses", "127.0.0.1"),
                                 setting("unix_socket_directories", directory_.path()), setting("fsync", "off"),
                                 setting("max_connections", std::to_string(max_connections_)),
                                 setting("superuser_reserved_connections", "0"), setting("max_wal_senders", "0"),
                                 setting("shared_buffers", "4MB"), setting("dynamic_shared_memory_type", "mmap"),
                                 setting("autovacuum", "off"), setting("deadlock_timeout", "20ms")}) {
            words.emplace_back("-c");
            words.push_back(each);
        }
        postmaster_ = start_program(words, who_, directory_.file("log"), directory_.path());
        await_start();
    }

    /// Ends all sessions and waits until it is gone.
    void stop() noexcept {
        if (postmaster_ < 0) return;
        thaw();
        ::kill(postmaster_, SIGQUIT);
        await_end();
    }

    /// As a power cut would.
    void kill() {
        kill_with_children(postmaster_);
        await_end();
        ::unlink(directory_.file("data/postmaster.pid").c_str());
    }

    /// Nothing answers any more, and nothing is closed, until `thaw()`.
    void freeze() {
        ::kill(postmaster_, SIGSTOP);
        for (const pid child : children_of(postmaster_)) ::kill(child, SIGSTOP);
        frozen_ = true;
    }
    void thaw() noexcept {
        if (!std::exchange(frozen_, false)) return;
        for (const pid child : children_of(postmaster_)) ::kill(child, SIGCONT);
        ::kill(postmaster_, SIGCONT);
    }

    [[nodiscard]] std::string log() const { return contents_of(directory_.file("log")); }

private:
    /// initdb takes seconds, so there is one for all runs of a build, which is then copied.
    void prepare_data() {
        namespace fs = std::filesystem;
        const auto data = directory_.file("data");
        const fs::path kept{POOLY_TEST_POSTGRES_TEMPLATE};
        if (!fs::exists(kept / "PG_VERSION")) {
            run_program({POOLY_TEST_POSTGRES_BINDIR "/initdb", "--pgdata", data, "--username=pooly", "--auth=trust",
                         "--no-sync", "--locale=C", "--encoding=UTF8", "--wal-segsize=1"},
                        who_, directory_.file("initdb.log"), directory_.path());
            const auto copy = kept.string() + '.' + std::to_string(::getpid());
            std::error_code lost;  // another one was faster, or there is no room: then this one is not kept
            fs::copy(data, copy, fs::copy_options::recursive, lost);
            fs::rename(copy, kept, lost);
            fs::remove_all(copy, lost);
        } else {
            fs::copy(kept, data, fs::copy_options::recursive);
            fs::permissions(data, fs::perms{0700});
            who_.own_all(data);
        }
        std::ofstream{data + "/pg_hba.conf"}
            << "local all locked scram-sha-256\nhost all locked samehost scram-sha-256\n"
               "local all all trust\nhost all all samehost trust\n";
    }

    void await_start() {
        const auto deadline = std::chrono::steady_clock::now() + 30s;
        while (true) {
            int status = 0;
            if (::waitpid(postmaster_, &status, WNOHANG) != 0) {
                postmaster_ = -1;
                throw std::runtime_error{"PostgreSQL does not start: " + log()};
            }
            if (PQping(connection_string().c_str()) == PQPING_OK) return;
            if (std::chrono::steady_clock::now() > deadline)
                throw std::runtime_error{"PostgreSQL does not answer: " + log()};
            std::this_thread::sleep_for(10ms);
        }
    }
    void await_end() noexcept {
        ::waitpid(postmaster_, nullptr, 0);
        postmaster_ = -1;
        frozen_ = false;
    }

    guarded_directory directory_;
    account who_ = account::for_servers();
    int max_connections_;
    int port_ = 0;
    pid postmaster_ = -1;
    bool frozen_ = false;
};

/// A server that says nothing while this lives.
class frozen {
public:
    explicit frozen(server& asleep) : asleep_{asleep} { asleep_.freeze(); }
    frozen(const frozen&) = delete;
    frozen& operator=(const frozen&) = delete;
    ~frozen() { asleep_.thaw(); }

private:
    server& asleep_;
};

/// A server that is gone while this lives.
class dead {
public:
    explicit dead(server& gone) : gone_{gone} { gone_.kill(); }
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
    server& gone_;
    bool back_ = false;
};

}  // namespace postgres_test
