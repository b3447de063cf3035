// SPDX-License-Identifier: MIT
#include <soci/postgresql/soci-postgresql.h>
#include <soci/soci.h>

#include <memory>

#include "ways.hpp"

namespace bench {

way soci_way(const std::string& address) {
    return {"soci", [address](std::size_t size) {
                const auto db = std::make_shared<soci::connection_pool>(size);
                for (std::size_t i = 0; i < size; ++i) db->at(i).open(soci::postgresql, address);
                return updates_by([db](const std::string& update) {
                    soci::session sql{*db};
                    soci::transaction open{sql};
                    sql << update;
                    open.commit();
                });
            }};
}

}  // namespace bench
