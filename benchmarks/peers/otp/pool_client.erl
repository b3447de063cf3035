%% SPDX-License-Identifier: MIT
%% One who checks out, holds, checks in, and writes down how that went.
-module(pool_client).

-export([run/3]).

%% Returns when `Over` is set. A wait that is going on then is counted in full.
run(Pool, Wanted, Over) ->
    loop(Pool, Wanted, Over, #{waits => [], held => 0, pairs => 0}).

loop(Pool, Wanted, Over, Log) ->
    case atomics:get(Over, 1) of
        0 -> loop(Pool, Wanted, Over, untimed_pairs(Pool, Wanted, timed_pair(Pool, Wanted, Log)));
        1 -> Log
    end.

timed_pair(Pool, Wanted, #{waits := Waits, held := Held, pairs := Pairs} = Log) ->
    Asked = erlang:monotonic_time(),
    worker_pool:transaction(Pool, fun(_) ->
        Got = erlang:monotonic_time(),
        hold(Wanted, Got),
        Log#{waits := [Got - Asked | Waits], held := Held + erlang:monotonic_time() - Got, pairs := Pairs + 1}
    end).

%% Reading the clock costs; with a hold it is nothing.
untimed_pairs(Pool, #{hold_us := 0}, #{pairs := Pairs} = Log) ->
    untimed_pairs(Pool, 255),
    Log#{pairs := Pairs + 255};
untimed_pairs(_, _, Log) ->
    Log.

untimed_pairs(_, 0) ->
    ok;
untimed_pairs(Pool, Left) ->
    worker_pool:transaction(Pool, fun(_) -> ok end),
    untimed_pairs(Pool, Left - 1).

hold(#{hold_us := 0}, _) ->
    ok;
hold(#{hold_us := Hold, busy := true}, Since) ->
    spin(Since + erlang:convert_time_unit(Hold, microsecond, native));
hold(#{hold_us := Hold}, _) ->
    timer:sleep(Hold div 1000).

spin(Until) ->
    case erlang:monotonic_time() < Until of
        true -> spin(Until);
        false -> ok
    end.
