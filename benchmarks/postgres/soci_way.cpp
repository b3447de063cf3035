// SPDX-License-Identifier: MIT
#include <soci/postgresql/soci-postgresql.h>
#include <soci/soci.h>

#include <memory>

#include "ways.hpp"

namespace bench {

way soci_way() {
    return {"soci", false, [](const std::string& address, std::size_t size) -> pay_function {
                const auto db = std::make_shared<soci::connection_pool>(size);
                for (std::size_t i = 0; i < size; ++i) db->at(i).open(soci::postgresql, address);
                return [db](int account) {
                    soci::session sql{*db};
                    soci::transaction open{sql};
                    sql << update_of(account);
                    open.commit();
                };
            }};
}

}  // namespace bench
