// SPDX-License-Identifier: MIT
#include <pqxx/pqxx>

#include <chrono>
#include <memory>

#include "../competitors/hand_written_pool.hpp"
#include "ways.hpp"

namespace bench {

way pqxx_way() {
    return {"libpqxx, hand_written", false, [](const std::string& address, std::size_t size) -> pay_function {
                const auto db = std::make_shared<hand_written_pool<pqxx::connection>>(
                    size, [&] { return std::make_unique<pqxx::connection>(address); });
                return [db](int account) {
                    const auto lease = db->checkout(std::chrono::minutes{1});
                    pqxx::work open{*lease};
                    open.exec(update_of(account));
                    open.commit();
                };
            }};
}

}  // namespace bench
