// SPDX-License-Identifier: MIT
#include <pqxx/pqxx>

#include <chrono>
#include <memory>

#include "../competitors/hand_written_pool.hpp"
#include "ways.hpp"

namespace bench {

way pqxx_way(const std::string& address) {
    return {"libpqxx, hand_written", [address](std::size_t size) {
                const auto db = std::make_shared<hand_written_pool<pqxx::connection>>(
                    size, [&] { return std::make_unique<pqxx::connection>(address); });
                return updates_by([db](const std::string& update) {
                    const auto lease = db->checkout(std::chrono::minutes{1});
                    pqxx::work open{*lease};
                    open.exec(update);
                    open.commit();
                });
            }};
}

}  // namespace bench
