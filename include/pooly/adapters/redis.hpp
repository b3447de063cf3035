// SPDX-License-Identifier: MIT
#pragma once

/// Redis connections as workers.
///
///     pooly::pool cache{pooly::redis::factory{{.host = "cache.example"}}, {.name = "cache", .size = 4}};
///     cache.checkout()->command("SET", "answer", "42");
///
/// The worker is `pooly::redis::connection`, a plain owner of a `redisContext*` for hiredis' own functions. Needs
/// <hiredis/hiredis.h> (`pkg-config hiredis`), and poll(2). docs/redis.md tells more.
///
/// What the pool does for it (`worker_traits`), each by a deadline of `options`, so that a server that hangs takes
/// a connection with it and never a consumer:
///
/// * healthy: hiredis has no error, nothing came unasked, and the server answers PING by PONG.
/// * reset, after each use: `RESET`, AUTH, SELECT and the name in one round trip, or what `options::reset` says
/// instead.
///   A connection with replies that nobody has read, or commands that were not sent, is destroyed.
/// * begin is MULTI; rollback is DISCARD, or UNWATCH where there is no MULTI.
/// * commit is EXEC. It is an error where the transaction was refused (EXECABORT), where a watched key was changed
///   (`failure::conflict`), where one of its commands failed (`failure::partly_done`), and where the connection is lost
///   on the way (`failure::outcome_unknown`).
///
/// `pooly::redis::transaction(pool, read, queue)` runs a transaction again whose watched keys were changed.

#include <pooly/adapters/redis/connection.hpp>
#include <pooly/adapters/redis/error.hpp>
#include <pooly/adapters/redis/factory.hpp>
#include <pooly/adapters/redis/options.hpp>
#include <pooly/adapters/redis/reply.hpp>
#include <pooly/adapters/redis/transaction.hpp>
#include <pooly/adapters/tcp_watch.hpp>
