// SPDX-License-Identifier: MIT
#include <Poco/Redis/Client.h>
#include <Poco/Redis/Command.h>
#include <Poco/Redis/PoolableConnectionFactory.h>

#include <cstddef>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>

#include "ways.hpp"

namespace bench {
namespace {

using client = Poco::Redis::Client;
using client_pool = Poco::ObjectPool<client, client::Ptr>;

}  // namespace

way poco_way(const pooly::redis::options& address) {
    const auto place =
        address.unix_path.empty() ? address.host + ':' + std::to_string(address.port) : address.unix_path;
    return {"Poco", [place](std::size_t size) -> transaction {
                const auto db =
                    std::make_shared<client_pool>(Poco::PoolableObjectFactory<client, client::Ptr>{place}, size, size);
                return [db](std::minstd_rand&) {
                    Poco::Redis::PooledConnection lease{*db, 60'000};
                    client::Ptr connection = lease;
                    if (connection.isNull()) throw std::runtime_error{"Poco has no connection"};
                    Poco::Redis::Command increment{"INCR"};
                    increment << counter;
                    (void)connection->execute<Poco::Int64>(increment);
                    return true;
                };
            }};
}

}  // namespace bench
