// SPDX-License-Identifier: MIT
#include "ways.hpp"

#include <pooly/adapters/postgres.hpp>
#include <pooly/pooly.hpp>

#include <chrono>
#include <memory>

namespace bench {
namespace {

using pooly::postgres::connection;

pay_function through_pooly(const std::string& address, std::size_t size, const pooly::postgres::options& how) {
    const auto db = std::make_shared<pooly::pool<connection>>(
        pooly::postgres::factory{address, how},
        pooly::pool_options{.size = size, .checkout_timeout = std::chrono::minutes{1}});
    return [db](int account) { db->transaction([&](connection& c) { c.execute(update_of(account)); }); };
}

/// As a pool that cleans nothing: an open transaction only.
pay_function without_discard(const std::string& address, std::size_t size) {
    return through_pooly(address, size, {.reset = pooly::postgres::reset_mode::rollback_only});
}

pay_function one_each(const std::string& address, std::size_t /*size*/) {
    return [address](int account) {
        auto c = pooly::postgres::connect(address);
        c.execute("begin");
        c.execute(update_of(account));
        c.execute("commit");
    };
}

}  // namespace

std::vector<way> ways() {
    std::vector<way> all{
        {"pooly", false, [](const auto& address, auto size) { return through_pooly(address, size, {}); }},
        {"pooly, rollback_only", false, &without_discard},
        {"a connection per request", false, &one_each},
        {"the same through PgBouncer", true, &one_each},
    };
#if defined(POOLY_BENCHMARK_PQXX)
    all.push_back(pqxx_way());
#endif
#if defined(POOLY_BENCHMARK_SOCI)
    all.push_back(soci_way());
#endif
    return all;
}

}  // namespace bench
