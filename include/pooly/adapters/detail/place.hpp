// SPDX-License-Identifier: MIT
#pragma once

#include <sys/un.h>

#include <string>

#include <pooly/adapters/detail/refusing.hpp>
#include <pooly/detail/refuse.hpp>

namespace pooly::adapters::detail {

/// A server is at a host and port, or at the path of a Unix socket, and a client library cuts off what it has no room
/// for: what makes no sense is refused with an `std::invalid_argument` that names the field.
inline void refuse_unless_one_place(const std::string& host, int port, const std::string& unix_path) {
    pooly::detail::refuse_zero_byte("host", host);
    pooly::detail::refuse_zero_byte("unix_path", unix_path);
    if (host.empty() && unix_path.empty()) pooly::detail::refuse("host", "must be given, or unix_path");
    if (!host.empty() && !unix_path.empty())
        refuse("host", "must not be given together with unix_path", '"' + host + "\" and \"" + unix_path + '"');
    if (port < 1 || port > 65535) refuse("port", "must be from 1 to 65535", exactly(port));
    if (unix_path.size() >= sizeof sockaddr_un::sun_path)
        refuse("unix_path", "is too long for a Unix socket", exactly(unix_path.size()) + " bytes");
}

/// As it stands in a message.
[[nodiscard]] inline std::string place(const std::string& host, int port, const std::string& unix_path) {
    return unix_path.empty() ? '"' + host + "\", port " + std::to_string(port) : '"' + unix_path + '"';
}

}  // namespace pooly::adapters::detail
