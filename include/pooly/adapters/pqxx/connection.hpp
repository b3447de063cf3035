// SPDX-License-Identifier: MIT
#pragma once

#include <libpq-fe.h>

#include <string>

#include <pqxx/connection>

#include <pooly/adapters/detail/goodbye.hpp>
#include <pooly/adapters/postgres/detail/connecting.hpp>
#include <pooly/adapters/postgres/detail/verbs.hpp>
#include <pooly/adapters/postgres/detail/waiting.hpp>
#include <pooly/adapters/postgres/options.hpp>
#include <pooly/adapters/pqxx/detail/failures.hpp>
#include <pooly/adapters/pqxx/detail/insides.hpp>
#include <pooly/worker_traits.hpp>

namespace pooly::postgres {

/// A `pqxx::connection` that knows how it is to be kept. Neither copied nor moved, as libpqxx 6 has it.
class pqxx_connection : public ::pqxx::connection {
public:
    /// Connects, by libpqxx, which throws `pqxx::broken_connection`. Of the options only those matter that are not
    /// about connecting, and `check_on_create`; `pqxx_factory` heeds the others.
    explicit pqxx_connection(const std::string& connection_string, const postgres::options& how = {})
        : pqxx_connection{connection_string, how, {.deadline = detail::steady_deadline(how.connect_timeout)}} {}

    pqxx_connection(const pqxx_connection&) = delete;
    pqxx_connection& operator=(const pqxx_connection&) = delete;
    /// Never waits. A transaction that outlives it would speak on what comes to be in its place.
    ~pqxx_connection() {
        adapters::detail::make_goodbye_wait_for_nobody(PQsocket(handle_of(detail::pqxx_insides{}, *this)));
        detail::end_transaction(*this);
    }

private:
    friend class pqxx_factory;
    friend struct pooly::worker_traits<pqxx_connection>;

    /// `until` is for what is asked of it then.
    pqxx_connection(const std::string& connection_string, const postgres::options& how, const detail::patience& until)
        : ::pqxx::connection{connection_string}, how_{how} {
        if (how_.reset == reset_mode::discard_all) how_.reset = reset_mode::keep_prepared;
        if (!how_.check_on_create) return;
        detail::in_terms_of_pqxx("connect",
                                 [&] { detail::check_created(handle_of(detail::pqxx_insides{}, *this), until); });
    }

    postgres::options how_;  // qualified: libpqxx has a function of that name
};

}  // namespace pooly::postgres

/// Failures are libpqxx's exceptions.
template <>
struct pooly::worker_traits<pooly::postgres::pqxx_connection> {
    using worker_type = pooly::postgres::pqxx_connection;

    [[nodiscard]] static bool healthy(worker_type& worker) {
        return postgres::detail::in_terms_of_pqxx(
            "health check", [&] { return postgres::detail::healthy(native(worker), worker.how_); });
    }
    static void reset(worker_type& worker) {
        postgres::detail::in_terms_of_pqxx("reset", [&] { postgres::detail::reset(native(worker), worker.how_); });
        forget_variables(postgres::detail::pqxx_insides{}, worker);
        // One that outlived its lease. The server knows it no more, but no other could begin, and it could still speak.
        postgres::detail::end_transaction(worker);
    }
    static void begin(worker_type& worker) {
        postgres::detail::in_terms_of_pqxx("begin", [&] { postgres::detail::begin(native(worker), worker.how_); });
    }
    static void commit(worker_type& worker) {
        postgres::detail::in_terms_of_pqxx("commit", [&] { postgres::detail::commit(native(worker), worker.how_); });
    }
    static void rollback(worker_type& worker) {
        postgres::detail::in_terms_of_pqxx("rollback",
                                           [&] { postgres::detail::rollback(native(worker), worker.how_); });
    }

private:
    [[nodiscard]] static PGconn* native(const worker_type& worker) {
        return handle_of(postgres::detail::pqxx_insides{}, worker);
    }
};
