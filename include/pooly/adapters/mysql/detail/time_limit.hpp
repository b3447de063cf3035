// SPDX-License-Identifier: MIT
#pragma once

#include <fcntl.h>
#include <mysql.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <future>
#include <system_error>
#include <thread>

#include <pooly/adapters/detail/waiting.hpp>
#include <pooly/adapters/mysql/detail/waiting.hpp>
#include <pooly/adapters/mysql/error.hpp>

namespace pooly::mysql::detail {

/// When the time is up the connection is shut down, for as long as this lives: in the handshake of TLS the client's
/// non-blocking calls wait in the system, and for each read anew.
class time_limit {
public:
    /// Throws `error` where there is no descriptor or no thread to be had.
    time_limit(MYSQL* handle, const patience& until) : socket_{mysql_get_socket(handle)} {
        try {
            thread_ = std::thread{[this, &until] {
                if (wait_for(over_.get_future(), until) != wake::ready) ::shutdown(socket_.number, SHUT_RDWR);
            }};
        } catch (const std::system_error& none) {
            give_up(none.code());
        }
    }
    time_limit(const time_limit&) = delete;
    time_limit& operator=(const time_limit&) = delete;
    ~time_limit() {
        over_.set_value();
        thread_.join();
    }

private:
    [[noreturn]] static void give_up(const std::error_code& why) {
        throw error{0, sqlstate::connection_failure, "nothing can watch over the handshake: " + why.message()};
    }

    /// Our own, since the client may close its one meanwhile, and somebody else have one of that number.
    struct descriptor {
        int number;
        explicit descriptor(int socket) : number{::fcntl(socket, F_DUPFD_CLOEXEC, 0)} {
            if (number < 0) give_up({errno, std::generic_category()});
        }
        ~descriptor() { ::close(number); }
    };

    descriptor socket_;
    std::promise<void> over_;
    std::thread thread_;
};

}  // namespace pooly::mysql::detail
