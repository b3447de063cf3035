// SPDX-License-Identifier: MIT
#pragma once

#include <dlfcn.h>
#include <netdb.h>

#include <condition_variable>
#include <mutex>
#include <string_view>

#include "support/time_of.hpp"

namespace pooly::test {

/// While it lives, the system's resolver has nothing to say about one name, whoever asks; it is a name server that a
/// packet never reaches. While none lives, the resolver has given up on that name (EAI_AGAIN). For one source of a
/// program, since it stands in the place of `getaddrinfo`.
class silent_resolver {
public:
    static constexpr const char* name = "silent.invalid";

    silent_resolver() {
        const std::lock_guard<std::mutex> guard{books().mutex};
        books().silent = true;
    }
    silent_resolver(const silent_resolver&) = delete;
    silent_resolver& operator=(const silent_resolver&) = delete;
    /// Waits for those who still ask.
    ~silent_resolver() {
        std::unique_lock<std::mutex> lock{books().mutex};
        books().silent = false;
        books().changed.notify_all();
        books().changed.wait(lock, [] { return books().asking == 0; });
    }

    /// By whomever, since the program began.
    [[nodiscard]] static int times_asked() {
        const std::lock_guard<std::mutex> guard{books().mutex};
        return books().asked;
    }

    /// Returns when it is over, or the test has failed.
    static void ask() {
        std::unique_lock<std::mutex> lock{books().mutex};
        ++books().asked;
        ++books().asking;
        books().changed.wait_for(lock, 2 * hang, [] { return !books().silent; });
        --books().asking;
        books().changed.notify_all();
    }

private:
    struct state {
        std::mutex mutex;
        std::condition_variable changed;
        bool silent = false;
        int asking = 0;
        int asked = 0;
    };
    [[nodiscard]] static state& books() {
        static auto& all = *new state;  // leaked: who asked may be on his way out of it when the program ends
        return all;
    }
};

}  // namespace pooly::test

extern "C" int getaddrinfo(const char* name, const char* service, const addrinfo* hints, addrinfo** result) {
    const bool numeric = hints != nullptr && (hints->ai_flags & AI_NUMERICHOST) != 0;
    if (name != nullptr && !numeric && std::string_view{name} == pooly::test::silent_resolver::name) {
        pooly::test::silent_resolver::ask();
        return EAI_AGAIN;
    }
    using function = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
    static const auto genuine = reinterpret_cast<function>(::dlsym(RTLD_NEXT, "getaddrinfo"));
    return genuine(name, service, hints, result);
}
