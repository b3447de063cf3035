// SPDX-License-Identifier: MIT
#pragma once

// All of pooly but the adapters.

#if __cplusplus < 202002L
#error "pooly needs C++20: compile with -std=c++20"
#endif

#include <pooly/call_site.hpp>
#include <pooly/checkout_result.hpp>
#include <pooly/create_context.hpp>
#include <pooly/error.hpp>
#include <pooly/histogram.hpp>
#include <pooly/lease.hpp>
#include <pooly/named_status.hpp>
#include <pooly/pool.hpp>
#include <pooly/pool_event.hpp>
#include <pooly/pool_observer.hpp>
#include <pooly/pool_options.hpp>
#include <pooly/pool_registry.hpp>
#include <pooly/pool_stats.hpp>
#include <pooly/pool_status.hpp>
#include <pooly/stream_observer.hpp>
#include <pooly/transaction.hpp>
#include <pooly/version.hpp>
#include <pooly/watchdog.hpp>
#include <pooly/worker_traits.hpp>
